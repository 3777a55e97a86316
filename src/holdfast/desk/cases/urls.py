"""Addresses of the cases room."""

from django.urls import path

from holdfast.desk.cases import views

urlpatterns = [
    path("", views.queue, name="queue"),
    path("cases/", views.cases, name="cases"),
    path("cases/new", views.declare, name="declare"),
    path("cases/<str:key>/timeline", views.timeline, name="timeline"),
    path("cases/<str:key>/acknowledge", views.acknowledge, name="acknowledge"),
    path("cases/<str:key>/note", views.note, name="note"),
    path("cases/<str:key>/state", views.move, name="move"),
    path("cases/<str:key>/severity", views.severity, name="severity"),
    path("cases/<str:key>/owner", views.assign, name="assign"),
    path("live/", views.stream, name="live"),
]
