"""Production: refuses to start without its secrets, trusts nothing it was not told to trust."""

from __future__ import annotations

from email.utils import parseaddr
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from digis.settings import env
from digis.settings.base import *  # noqa: F403  # settings extend the base by its names
from digis.settings.base import ANYMAIL, MAIL_EVENTS, SITE_URL, STORAGES, VAPID_PRIVATE_KEY

ENVIRONMENT = "production"
DEBUG = False
SECRET_KEY = env.text("SECRET_KEY")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", SITE_URL)
TRUSTED_PROXIES = env.words("TRUSTED_PROXIES")  # addresses and networks; `unix` for a local socket; `none`
for _required in (
    "DATABASE_URL",
    "REDIS_URL",
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "STRIPE_CONNECT_WEBHOOK_SECRET",
    "SITE_URL",
):
    env.text(_required)
if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("Set SECRET_KEY to at least 50 random characters.")
if urlsplit(SITE_URL).scheme != "https":
    raise ImproperlyConfigured("Set SITE_URL to an https:// address: cookies and calls work on nothing else.")

EMAIL_TIMEOUT = 15
MAIL_ROUTES = [env.mail_route("EMAIL_URL")]
EMAIL_BACKEND = MAIL_ROUTES[0]["backend"]
if EMAIL_BACKEND.startswith("anymail."):
    ANYMAIL.update(
        {f"{MAIL_ROUTES[0]['name']}_{key}".upper(): value for key, value in MAIL_ROUTES[0]["options"].items()}
    )
else:
    globals().update(env.mail_server("EMAIL_URL"))
if env.text("EMAIL_URL_2", ""):  # asked when the first one fails
    MAIL_ROUTES.append({**(_second := env.mail_route("EMAIL_URL_2")), "name": f"{_second['name']} (second)"})
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM")
RATES_URL = env.address("RATES_URL", schemes={"https"}, default="")  # prices depend on what it says
for _entry in env.words("MAIL_EVENTS", ""):  # anymail://mailgun?webhook_signing_key=…: whose news of bounces we take
    _provider, _options = env.mail_provider("MAIL_EVENTS", _entry)
    MAIL_EVENTS.append(_provider)
    ANYMAIL.update({f"{_provider}_{key}".upper(): value for key, value in _options.items()})
    ANYMAIL["WEBHOOK_SECRET"] = env.text("MAIL_EVENTS_SECRET")  # user:password, which the provider sends along
    if ":" not in ANYMAIL["WEBHOOK_SECRET"]:
        raise ImproperlyConfigured("Set MAIL_EVENTS_SECRET to user:password, as the provider sends it.")

WEB_PUSH = env.flag("WEB_PUSH", default=bool(VAPID_PRIVATE_KEY))
VAPID_KEY_FILE = ""
if WEB_PUSH:
    env.key_bytes("VAPID_PRIVATE_KEY", 32)
    VAPID_SUBJECT = env.text("VAPID_SUBJECT", f"mailto:{parseaddr(DEFAULT_FROM_EMAIL)[1]}")

SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # probes come from within, without TLS
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
