"""Addresses of the closure room."""

from django.urls import path

from holdfast.desk.closure import views

urlpatterns = [
    path("cases/<str:key>/closing", views.closing, name="closing"),
    path("cases/<str:key>/closing/learned", views.learn, name="learn"),
    path("cases/<str:key>/closing/close", views.close, name="close"),
    path("cases/<str:key>/reopen", views.reopen, name="reopen"),
    path("cases/<str:key>/judge", views.judge, name="judge"),
    path("hygiene/", views.tidy, name="hygiene"),
    path("survey/<str:signed>", views.survey, name="survey"),
]
