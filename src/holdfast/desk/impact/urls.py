"""Addresses of the impact room."""

from django.urls import path

from holdfast.desk.impact import views

urlpatterns = [
    path("cases/<str:key>/impact/numbers", views.count, name="count"),
    path("cases/<str:key>/constraints", views.constrain, name="constrain"),
    path("cases/<str:key>/constraints/<int:number>/lift", views.lift, name="lift"),
]
