"""Addresses of the arrival room."""

from django.urls import path

from holdfast.desk.arrival import views

urlpatterns = [
    path("cases/new", views.declare, name="declare"),
    path("arrivals/", views.tray, name="tray"),
    path("arrivals/quality", views.quality, name="intake_quality"),
    path("arrivals/<int:arrival>/", views.arrival, name="arrival"),
    path("arrivals/<int:arrival>/take", views.take, name="take_arrival"),
    path("arrivals/<int:arrival>/put-on", views.put_on, name="put_on_arrival"),
    path("arrivals/<int:arrival>/aside", views.aside, name="aside_arrival"),
    path("sources/<str:prefix>/", views.sources, name="sources"),
    path("sources/<str:prefix>/mailbox", views.mailbox, name="declare_mailbox"),
    path("sources/<str:prefix>/hook", views.hook, name="make_hook"),
    path("sources/<str:prefix>/hook/<int:number>/end", views.end_hook, name="end_hook"),
    path("cases/<str:key>/intake", views.intake, name="intake"),
    path("cases/<str:key>/intake/mark", views.mark, name="mark_intake"),
    path("cases/<str:key>/intake/template", views.apply, name="apply_template"),
    path("cases/<str:key>/intake/request", views.ask, name="ask_intake"),
]
