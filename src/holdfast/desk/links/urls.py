"""Addresses of the links room."""

from django.urls import path

from holdfast.desk.links import views

urlpatterns = [
    path("cases/<str:key>/links", views.link, name="link"),
    path("cases/<str:key>/links/<int:number>", views.linked, name="linked"),
    path("cases/<str:key>/links/<int:number>/end", views.end_link, name="end_link"),
    path("cases/<str:key>/merge", views.merge, name="merge"),
    path("cases/<str:key>/unmerge", views.unmerge, name="unmerge"),
]
