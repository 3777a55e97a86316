"""Addresses of the investigation room."""

from django.urls import path

from holdfast.desk.investigation import views

urlpatterns = [
    path("cases/<str:key>/diagnosis", views.diagnosis, name="diagnosis"),
    path("cases/<str:key>/investigate", views.start, name="investigate"),
    path("cases/<str:key>/investigate/<int:job>/stop", views.stop, name="stop"),
]
