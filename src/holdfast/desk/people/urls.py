"""Addresses of the people room. Of allauth's pages only those that are needed are opened."""

from allauth.account import views as allauth
from allauth.mfa.base import views as second_factor
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.socialaccount.providers.openid_connect import views as oidc
from allauth.socialaccount.providers.saml import views as saml
from django.urls import path

from holdfast.desk.people import views

urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="account_login"),
    path("sign-out/", allauth.LogoutView.as_view(), name="account_logout"),
    path("sign-in/once/<str:value>", views.once, name="once"),
    path("sign-in/code", second_factor.authenticate, name="mfa_authenticate"),
    path("sign-in/oidc/<str:provider_id>", oidc.login, name="openid_connect_login"),
    path("sign-in/oidc/<str:provider_id>/callback", oidc.callback, name="openid_connect_callback"),
    path("sign-in/saml/<str:organization_slug>", saml.login, name="saml_login"),
    path("sign-in/saml/<str:organization_slug>/acs", saml.acs, name="saml_acs"),
    path("sign-in/saml/<str:organization_slug>/acs/finish", saml.finish_acs, name="saml_finish_acs"),
    path("sign-in/saml/<str:organization_slug>/metadata", saml.metadata, name="saml_metadata"),
    path("sign-in/saml/<str:organization_slug>/sls", saml.sls, name="saml_sls"),
    path("me/again", allauth.ReauthenticateView.as_view(), name="account_reauthenticate"),
    path("me/again/code", second_factor.reauthenticate, name="mfa_reauthenticate"),
    path("me/second-factor", second_factor.index, name="mfa_index"),
    path("me/second-factor/new", totp.activate_totp, name="mfa_activate_totp"),
    path("me/second-factor/remove", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("me/second-factor/codes", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("me/second-factor/codes/new", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("me/password", allauth.PasswordSetView.as_view(), name="account_set_password"),
    path("me/password/change", allauth.PasswordChangeView.as_view(), name="account_change_password"),
    path("me/profile", views.profile, name="my_profile"),
    path("me/tokens", views.tokens, name="tokens"),
    path("me/tokens/<int:token>/revoke", views.revoke, name="revoke"),
    path("people/<str:prefix>/", views.people, name="people"),
    path("people/<str:prefix>/admit", views.admit, name="admit"),
    path("people/<str:prefix>/<int:person>/role", views.role, name="role"),
    path("people/<str:prefix>/<int:person>/end", views.end, name="end"),
    path("people/<str:prefix>/<int:person>/sign-in", views.sign_in, name="sign_in"),
    path("people/<str:prefix>/<int:person>/second-factor", views.forget, name="forget"),
    path("people/<str:prefix>/second-factor", views.second_factor, name="second_factor"),
    path("people/<str:prefix>/provisioning", views.provisioning, name="provisioning"),
    path(
        "people/<str:prefix>/provisioning/<int:token>/revoke", views.revoke_provisioning, name="unprovision"
    ),
    path("people/<str:prefix>/groups/<int:group>", views.group, name="group"),
]
