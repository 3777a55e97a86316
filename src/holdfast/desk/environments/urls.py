"""Addresses of the environments room."""

from django.urls import path

from holdfast.desk.environments import views

urlpatterns = [
    path("cases/<str:key>/environments", views.environments, name="environments"),
    path("cases/<str:key>/environments/record", views.record, name="record_environment"),
    path("cases/<str:key>/environments/<int:number>/withdraw", views.withdraw, name="withdraw_environment"),
]
