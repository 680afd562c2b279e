"""Development: everything on this machine, loopback only, mail readable at /dev/mail/."""

from __future__ import annotations

import contextlib

from digis.settings import env
from digis.settings.base import *  # noqa: F403  # settings extend the base by its names
from digis.settings.base import CONTENT_SECURITY_POLICY, STATIC_ROOT

ENVIRONMENT = "development"
DEBUG = env.flag("DEBUG", default=False)  # our own error pages are part of what one looks at
SECRET_KEY = env.text("SECRET_KEY", "development-only-not-a-secret-" + "x" * 40)
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS: list[str] = []
SIGNUP_GRANT = env.number("SIGNUP_GRANT", 60, high=10_000)
DEV_PAGES = True
RATES_FIXED = True

# Static files come straight from static/, as they are now; the folder of collected ones stays empty.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
with contextlib.suppress(OSError):  # `manage.py up` says in one line what is wrong with the folder
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)

# A provider's news of bounces, as a test or a person at a terminal may send it.
MAIL_EVENTS = ["mailgun"]
ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": env.text("MAILGUN_WEBHOOK_SIGNING_KEY", "development-only-not-a-secret")}
PUSH_SANDBOX_URL = env.address("PUSH_SANDBOX_URL", schemes={"http"}, default="")

# The stand-in for Stripe listens on loopback; its hosted pages are where forms may lead.
SANDBOX_URL = env.address("STRIPE_SANDBOX_URL", schemes={"http"}, default="http://127.0.0.1:8010")
CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"].append(SANDBOX_URL)
