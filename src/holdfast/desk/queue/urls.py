"""Addresses of the queue."""

from django.urls import path

from holdfast.desk.queue import views

urlpatterns = [
    path("", views.queue, name="queue"),
    path("queue/bulk", views.bulk, name="bulk"),
    path("queue/views", views.keep, name="keep_view"),
    path("queue/stand-up", views.stand_up, name="stand_up"),
    path("queue/weekly", views.weekly, name="weekly"),
    path("me/focus", views.focus, name="focus"),
    path("cases/<str:key>/place", views.place, name="place"),
]
