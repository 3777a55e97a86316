"""Addresses of the response room."""

from django.urls import path

from holdfast.desk.response import mitigation_views as mitigations

ONE = "cases/<str:key>/mitigations/<int:number>"
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
]
