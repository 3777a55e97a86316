"""Addresses of the insight room."""

from django.urls import path

from holdfast.desk.insight import views

urlpatterns = [
    path("figures/", views.figures, name="figures"),
    path("figures/<str:name>/<str:group>", views.figure, name="figure"),
]
