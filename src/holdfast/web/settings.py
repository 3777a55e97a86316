"""Django's settings, derived from the declared ones in `configuration`."""

from __future__ import annotations

import os
from pathlib import Path

from holdfast import __version__
from holdfast.desk.people import doors
from holdfast.web import configuration

_values = configuration.read(os.environ)
_https = configuration.flag(_values, "HOLDFAST_HTTPS")
_here = Path(__file__).parent

VERSION = __version__
DATA = Path(_values["HOLDFAST_DATA"]).resolve()
DATA.mkdir(parents=True, exist_ok=True)
UPLOAD_LIMIT = configuration.number(_values, "HOLDFAST_UPLOAD_LIMIT")
VAULT_KEYS = _values["HOLDFAST_VAULT_KEYS"]
VAULT_KEY_FILE = _values["HOLDFAST_VAULT_KEY_FILE"]
VAULT_STORE = _values["HOLDFAST_VAULT_STORE"]
REGIONS = configuration.regions(_values)
API_RATE = configuration.number(_values, "HOLDFAST_API_RATE")
PROBE_PRIVATE = configuration.flag(_values, "HOLDFAST_PROBE_PRIVATE")
PROBE_COMMANDS = _values["HOLDFAST_PROBE_COMMANDS"]
WEB_PROCESSES = configuration.number(_values, "HOLDFAST_WEB_PROCESSES")
WORKERS = configuration.number(_values, "HOLDFAST_WORKERS")
try:
    DOORS = doors.load(_values["HOLDFAST_DOORS"])
except doors.DoorError as error:
    raise configuration.SettingError(f"HOLDFAST_DOORS: {error}") from error
MAIL_URL = _values["HOLDFAST_MAIL_URL"]
MAIL_LISTEN = _values["HOLDFAST_MAIL_LISTEN"]
MAIL_LIMIT = configuration.number(_values, "HOLDFAST_MAIL_LIMIT")
MAIL_VOUCHER = _values["HOLDFAST_MAIL_VOUCHER"]
IMAP_URL, IMAP_ADDRESS = _values["HOLDFAST_IMAP_URL"], _values["HOLDFAST_IMAP_ADDRESS"]
LEDGER_NAME = _values["HOLDFAST_LEDGER_NAME"]
WITNESSES = configuration.names(_values, "HOLDFAST_WITNESSES")
METRICS_TOKEN = _values["HOLDFAST_METRICS_TOKEN"]

SECRET_KEY = configuration.secret_key(_values, DATA)
DEBUG = configuration.flag(_values, "HOLDFAST_DEBUG")
ALLOWED_HOSTS = configuration.names(_values, "HOLDFAST_HOSTS")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS] if _https else []

DATABASES = {"default": configuration.database(_values, DATA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "holdfast.desk.outbox",
    "holdfast.desk.people",
    "holdfast.desk.policies",
    "holdfast.desk.clocks",
    "holdfast.desk.cases",
    "holdfast.desk.links",
    "holdfast.desk.decisions",
    "holdfast.desk.vault",
    "holdfast.desk.audit",
    "holdfast.desk.arrival",
    "holdfast.desk.investigation",
    "holdfast.desk.environments",
    "holdfast.desk.impact",
    "holdfast.desk.updates",
    "holdfast.desk.engineering",
    "holdfast.desk.triage",
    "holdfast.desk.response",
    "holdfast.desk.queue",
    "holdfast.desk.closure",
    "holdfast.desk.brief",
    "holdfast.desk.insight",
    "holdfast.desk.portable",
    "holdfast.web",
    "allauth",  # after our rooms: their templates come first
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.saml",
    "allauth.mfa",
]

MIDDLEWARE = [
    "holdfast.web.requests.identify",
    "holdfast.web.security.harden",
    "holdfast.web.limits.limit",
    "django.middleware.security.SecurityMiddleware",
    "holdfast.web.files.Files",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "holdfast.web.security.require_sign_in",
    "holdfast.web.security.require_second_factor",
    "holdfast.web.errors.explain",
]

ROOT_URLCONF = "holdfast.web.urls"
ASGI_APPLICATION = "holdfast.web.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_here / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "holdfast.web.shell.shell",
            ],
            "builtins": ["holdfast.web.templatetags.desk"],
        },
    }
]

AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "queue"
ACCOUNT_ADAPTER = "holdfast.desk.people.adapter.ClosedDoor"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_SESSION_REMEMBER = True
SOCIALACCOUNT_ADAPTER = "holdfast.desk.people.adapter.Doors"
# By a form, a browser would apply form-action to every host the provider sends it on to.
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10
MFA_ADAPTER = "holdfast.desk.people.adapter.SecondFactors"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_NAME = "holdfast_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _https
CSRF_COOKIE_NAME = "holdfast_csrf"
CSRF_COOKIE_HTTPONLY = True  # scripts read the token from the page, not from the cookie
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_SECURE = _https
CSRF_FAILURE_VIEW = "holdfast.web.errors.csrf_failed"
SECURE_SSL_REDIRECT = _https
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _https
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if configuration.flag(_values, "HOLDFAST_BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"  # only for a web server in front; WhiteNoise finds the files itself
STATIC_ROOT.mkdir(exist_ok=True)
# Served from where they are: no collect step, and a second start that takes no time.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2**20
NINJA_PAGINATION_MAX_LIMIT = 200

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "holdfast.web.journal.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": _values["HOLDFAST_LOG_LEVEL"].upper()},
    "loggers": {"django.server": {"handlers": ["stderr"], "propagate": False}},
}
