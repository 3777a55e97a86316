"""Addresses of the vault."""

from django.urls import path

from holdfast.desk.vault import views

urlpatterns = [
    path("people/<str:prefix>/region", views.place_region, name="place_region"),
    path("cases/<str:key>/access", views.access, name="access"),
    path("cases/<str:key>/access/ask", views.ask_grant, name="ask_grant"),
    path("cases/<str:key>/access/<int:number>/open", views.open_grant, name="open_grant"),
    path("cases/<str:key>/access/<int:number>/end", views.end_grant, name="end_grant"),
    path("cases/<str:key>/access/hold", views.place_hold, name="place_hold"),
    path("cases/<str:key>/access/hold/lift", views.lift_hold, name="lift_hold"),
    path("cases/<str:key>/access/delete/ask", views.ask_deletion, name="ask_deletion"),
    path("cases/<str:key>/access/delete", views.delete_evidence, name="delete_evidence"),
]
