"""Addresses of the response room."""

from django.urls import path

from holdfast.desk.response import handing_views as handing
from holdfast.desk.response import mitigation_views as mitigations
from holdfast.desk.response import room_views as room

ONE = "cases/<str:key>/mitigations/<int:number>"
ROOM = "cases/<str:key>/room"
HAND = "cases/<str:key>/handover"
urlpatterns = [
    path("mitigations/", mitigations.register, name="register"),
    path("cases/<str:key>/mitigations", mitigations.mitigations, name="mitigations"),
    path("cases/<str:key>/mitigations/propose", mitigations.propose, name="propose_mitigation"),
    path(f"{ONE}/probe", mitigations.set_probe, name="set_probe"),
    path(f"{ONE}/start", mitigations.start, name="start_mitigation"),
    path(f"{ONE}/verify", mitigations.verify, name="verify_mitigation"),
    path(f"{ONE}/judge", mitigations.judge, name="judge_mitigation"),
    path(f"{ONE}/roll-back", mitigations.roll_back, name="roll_back"),
    path(f"{ONE}/extend", mitigations.extend, name="extend_mitigation"),
    path(f"{ONE}/replace", mitigations.replace, name="replace_mitigation"),
    path(ROOM, room.room, name="room"),
    path(f"{ROOM}/news", room.news, name="room_news"),
    path(f"{ROOM}/stream", room.stream_of, name="room_stream"),
    path(f"{ROOM}/reading", room.reading, name="room_reading"),
    path(f"{ROOM}/here", room.here, name="room_here"),
    path(f"{ROOM}/say", room.say, name="room_say"),
    path(f"{ROOM}/open", room.open_room, name="open_room"),
    path(f"{ROOM}/close", room.close_room, name="close_room"),
    path(f"{ROOM}/duty", room.duty, name="duty"),
    path(f"{ROOM}/actions/<int:number>/end", room.end_action, name="end_action"),
    path(f"{ROOM}/messages/<int:position>", room.make_of, name="make_of"),
    path(HAND, handing.handover, name="handover"),
    path(f"{HAND}/begin", handing.begin, name="begin_handover"),
    path(f"{HAND}/<int:number>/write", handing.write, name="write_handover"),
    path(f"{HAND}/<int:number>/acknowledge", handing.acknowledge, name="acknowledge_item"),
    path(f"{HAND}/<int:number>/question", handing.question, name="question_item"),
    path(f"{HAND}/<int:number>/answer", handing.answer, name="answer_question"),
    path(f"{HAND}/<int:number>/take-over", handing.take_over, name="take_over"),
    path(f"{HAND}/<int:number>/withdraw", handing.withdraw, name="withdraw_handover"),
]
