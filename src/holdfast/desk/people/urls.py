"""Addresses of the people room. Of allauth's pages only those that are needed are opened."""

from allauth.account import views as allauth
from django.urls import path

from holdfast.desk.people import views

urlpatterns = [
    path("sign-in/", allauth.LoginView.as_view(), name="account_login"),
    path("sign-out/", allauth.LogoutView.as_view(), name="account_logout"),
    path("sign-in/once/<str:value>", views.once, name="once"),
    path("me/password", allauth.PasswordSetView.as_view(), name="account_set_password"),
    path("me/password/change", allauth.PasswordChangeView.as_view(), name="account_change_password"),
    path("me/tokens", views.tokens, name="tokens"),
    path("me/tokens/<int:token>/revoke", views.revoke, name="revoke"),
]
