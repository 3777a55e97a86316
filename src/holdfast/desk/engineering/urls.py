"""Addresses of tickets: those of a case, and those of everybody who answers for a component."""

from django.urls import path

from holdfast.desk.engineering import owner_views, views

ONE = "cases/<str:key>/tickets/<int:number>"
SEEN = "tickets/<str:key>/<int:number>"
urlpatterns = [
    path("cases/<str:key>/tickets", views.tickets, name="tickets"),
    path("cases/<str:key>/tickets/begin", views.begin, name="begin_ticket"),
    path("cases/<str:key>/tickets/note", views.note, name="note_ticket"),
    path(f"{ONE}/write", views.write, name="write_ticket"),
    path(f"{ONE}/refill", views.refill, name="refill_ticket"),
    path(f"{ONE}/repair", views.repair, name="repair_ticket"),
    path(f"{ONE}/reproduce", views.reproduce, name="reproduce_ticket"),
    path(f"{ONE}/file", views.file, name="file_ticket"),
    path(f"{ONE}/drop", views.drop, name="drop_ticket"),
    path(f"{ONE}/same", views.same, name="same_ticket"),
    path(f"{ONE}/answer", views.answer, name="answer_ticket"),
    path("tickets/", owner_views.listed, name="owned_tickets"),
    path("tickets/matrix", owner_views.matrix, name="matrix"),
    path(SEEN, owner_views.ticket, name="ticket"),
    path(f"{SEEN}/outcome", owner_views.outcome, name="ticket_outcome"),
    path(f"{SEEN}/fix", owner_views.fix, name="ticket_fix"),
    path(f"{SEEN}/share", owner_views.share, name="share_ticket"),
    path(f"{SEEN}/export", owner_views.export, name="export_ticket"),
    path(f"{SEEN}/customers", owner_views.customers, name="ticket_customers"),
]
