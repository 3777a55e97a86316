"""Addresses of the cases room."""

from django.urls import path

from holdfast.desk.cases import clock_views, views

urlpatterns = [
    path("cases/", views.cases, name="cases"),
    path("cases/<str:key>/timeline", views.timeline, name="timeline"),
    path("cases/<str:key>/acknowledge", views.acknowledge, name="acknowledge"),
    path("cases/<str:key>/note", views.note, name="note"),
    path("cases/<str:key>/state", views.move, name="move"),
    path("cases/<str:key>/severity", views.severity, name="severity"),
    path("cases/<str:key>/owner", views.assign, name="assign"),
    path("cases/<str:key>/people", views.join, name="join"),
    path("cases/<str:key>/plan", views.plan, name="plan"),
    path("cases/<str:key>/impact", views.impact, name="impact"),
    path("cases/<str:key>/clocks", clock_views.clocks, name="clocks"),
    path("me/notices", clock_views.notices, name="notices"),
    path("live/", views.stream, name="live"),
]
