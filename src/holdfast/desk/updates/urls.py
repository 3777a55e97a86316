"""Addresses of updates, promises and the status page."""

from django.urls import path

from holdfast.desk.updates import views

ONE = "cases/<str:key>/updates/<int:number>"
urlpatterns = [
    path("cases/<str:key>/updates/<int:number>/check", views.check, name="check_update"),
    path("cases/<str:key>/duplicates/tell", views.tell_duplicates, name="tell_duplicates"),
    path("promises/", views.promises, name="promises"),
    path("cases/<str:key>/updates", views.updates, name="updates"),
    path("cases/<str:key>/updates/begin", views.begin, name="begin_update"),
    path(f"{ONE}/write", views.write, name="write_update"),
    path(f"{ONE}/refill", views.refill, name="refill_update"),
    path(f"{ONE}/keep", views.keep, name="keep_words"),
    path(f"{ONE}/drop", views.drop, name="drop_update"),
    path("cases/<str:key>/promises/<int:number>", views.settle, name="settle_promise"),
    path("status/confirm/<str:token>", views.confirm, name="confirm_follower"),
    path("status/stop/<str:token>", views.stop, name="stop_following"),
    path("status/<str:prefix>/", views.public, name="status"),
]
