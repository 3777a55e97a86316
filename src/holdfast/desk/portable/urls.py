"""Addresses of portable cases."""

from django.urls import path

from holdfast.desk.portable import views

urlpatterns = [
    path("import/", views.import_case, name="import_case"),
    path("cases/<str:key>/export", views.export, name="export"),
    path("cases/<str:key>/export/redacted", views.export_redacted, name="export_redacted"),
    path("cases/<str:key>/export/sealed", views.export_sealed, name="export_sealed"),
    path("cases/<str:key>/export/ask", views.ask_export, name="ask_export"),
]
