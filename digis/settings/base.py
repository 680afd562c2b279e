"""What every environment shares. Values that differ, or are secret, come from `env`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from digis.settings import env
from digis.settings.money import *  # noqa: F403  # prices and limits: a part of this file by its names
from digis.settings.post import *  # noqa: F403  # mail and push: a part of this file by its names

BASE_DIR = Path(__file__).resolve().parents[2]
STATE_DIR = Path(env.text("DIGIS_STATE", str(BASE_DIR / ".digis"))).resolve()

# ── Who we are ──────────────────────────────────────────────────────────────────────────────
SITE_NAME = "Digis"
SITE_URL = env.address("SITE_URL", schemes={"http", "https"}, default=f"http://127.0.0.1:{env.text('PORT', '8000')}")
DEBUG = False
ENVIRONMENT = "base"
ALLOWED_HOSTS: list[str] = []
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["digis.formats"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ── Rooms ───────────────────────────────────────────────────────────────────────────────────
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",  # its widget templates, found by the project’s own engine
    "django.contrib.postgres",
    "django.contrib.humanize",
    "moderation.apps.StaffAdminConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "corsheaders",
    "csp",
    "django_htmx",
    "template_partials",
    "django_structlog",
    "django_celery_beat",
    "djstripe",
    "anymail",
    "channels",
    "digis.core",
    "digis.stack",
    "accounts",
    "notifications",
    "economy",
    "calls",
    "moderation.apps.ModerationConfig",
    "discovery",
]

MIDDLEWARE = [
    "digis.core.http.EdgeMiddleware",  # before anything that believes a forwarded header
    "digis.core.http.RequestIdMiddleware",
    "digis.core.http.ReadableMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "digis.core.metrics.MetricsMiddleware",
    "digis.core.http.SecurityHeadersMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.SessionActivityMiddleware",
    "digis.core.currencies.CurrencyMiddleware",
    "digis.core.signing_in.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.SuspensionMiddleware",
    "digis.core.http.DomainErrorMiddleware",
]

ROOT_URLCONF = "digis.urls"
WSGI_APPLICATION = "digis.wsgi.application"
ASGI_APPLICATION = "digis.asgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "digis.core.context.site",
            ],
            "builtins": ["digis.core.templatetags.digis", "django.templatetags.i18n"],
        },
    },
]

# ── Data ────────────────────────────────────────────────────────────────────────────────────
DATABASE_URL = env.address("DATABASE_URL", schemes={"postgres", "postgresql"}, default="")
REDIS_URL = env.address("REDIS_URL", schemes={"redis", "rediss", "unix"}, default="")


# Commands that need no database (makemigrations, check) run without one; whoever asks it is told that it is away.
DATABASES: dict[str, Any] = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": "127.0.0.1",
        "PORT": 1,
        "NAME": "unset",
        "USER": "unset",
    }
}
if DATABASE_URL:
    DATABASES["default"] = dj_database_url.parse(DATABASE_URL, conn_max_age=0, conn_health_checks=True)
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": 1,
        "max_size": env.number("DATABASE_POOL", 12, low=1, high=200),
        "timeout": 10,
    }
    DATABASES["default"]["ATOMIC_REQUESTS"] = False  # services own their transactions

CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache"
        if REDIS_URL
        else "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": REDIS_URL or "digis",
        "KEY_PREFIX": "digis",
    },
}
CHANNEL_LAYERS: dict[str, Any] = (
    {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            # The client gives up reading after 5 s by default, just when the layer's own wait for a message ends.
            "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": 60}], "capacity": 500, "expiry": 30},
        }
    }
    if REDIS_URL
    else {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
)
REALTIME_CHANNEL = env.text("REALTIME_CHANNEL", "digis:hub")  # the one Redis channel the hub listens to

# ── Jobs: every message is a hint, the tables are the truth ─────────────────────────────────
CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 100
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "global_keyprefix": "digis:",
    "max_retries": 1,  # whoever sends a hint does not wait for a broker that is gone
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "economy.tasks.reconcile_recent": {"queue": "default"},  # long, and nobody waits for it: calls are billed meanwhile
    "economy.tasks.reconcile_nightly": {"queue": "default"},
    "calls.tasks.*": {"queue": "billing"},
    "economy.tasks.*": {"queue": "billing"},
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE: dict[str, Any] = {
    "relay-outbox": {"task": "digis.core.tasks.relay_outbox", "schedule": 2.0},
    "seal-audit": {"task": "digis.core.tasks.seal_audit", "schedule": 10.0},
    "beat-heart": {"task": "digis.core.tasks.note_worker_heartbeat", "schedule": 10.0},
    "settle-presence": {"task": "accounts.tasks.settle_presence", "schedule": 5.0},
    "prune-accounts": {"task": "accounts.tasks.prune", "schedule": 3600.0},
    "prune-core": {"task": "digis.core.tasks.prune", "schedule": 3600.0},
    "note-failed-deliveries": {"task": "notifications.tasks.note_failed_deliveries", "schedule": 60.0},
    "prune-notifications": {"task": "notifications.tasks.prune", "schedule": 86400.0},
    "bill-calls": {"task": "calls.tasks.sweep_calls", "schedule": 2.0},
    "fold-earnings": {"task": "economy.tasks.fold_earnings", "schedule": 5.0},
    "screen-sales": {"task": "economy.tasks.screen_sales", "schedule": 120.0},
    "mature-earnings": {"task": "economy.tasks.mature_earnings", "schedule": 60.0},
    "advance-payouts": {"task": "economy.tasks.advance_due_payouts", "schedule": 5.0},
    "weekly-payouts": {"task": "economy.tasks.pay_out_weekly", "schedule": 600.0},
    "converge-purchases": {"task": "economy.tasks.converge_due_purchases", "schedule": 2.0},
    "top-up-due": {"task": "economy.tasks.top_up_due", "schedule": 5.0},
    "measure-standings": {"task": "economy.tasks.measure_standings", "schedule": 600.0},
    "expire-promotional": {"task": "economy.tasks.expire_promotional_lots", "schedule": 3600.0},
    "plan-expiry-reminders": {"task": "economy.tasks.plan_expiry_reminders", "schedule": 3600.0},
    "close-months": {"task": "economy.tasks.close_months", "schedule": 3600.0},
    "issue-invoices": {"task": "economy.tasks.issue_invoices", "schedule": 300.0},
    "reconcile-recent": {"task": "economy.tasks.reconcile_recent", "schedule": 900.0},
    "reconcile-nightly": {"task": "economy.tasks.reconcile_nightly", "schedule": 86400.0},
    "fetch-rates": {"task": "economy.tasks.fetch_rates", "schedule": 3600.0},
    "check-ledger": {"task": "economy.tasks.check_ledger", "schedule": 86400.0},
}

# ── People ──────────────────────────────────────────────────────────────────────────────────
AUTH_USER_MODEL = "accounts.User"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # e-mail is unique by accounts_user_email_once, on its lower case
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "django.contrib.auth.hashers.BCryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "username", "display_name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "accounts:sign_in"
LOGOUT_URL = "accounts:sign_out"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # our own gate, before the first spend (api.md, auth)
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_RATE_LIMITS = False  # digis.core.limits is the one table of rate limits
MFA_ADAPTER = "accounts.adapter.MFAAdapter"  # keeps the secrets encrypted
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = SITE_NAME
MFA_TOTP_TOLERANCE = 1  # half minutes to either side: clocks differ, and people type slowly
MFA_RECOVERY_CODE_COUNT = 10
USERSESSIONS_TRACK_ACTIVITY = False  # accounts.middleware notes it, at most every five minutes
HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED = True
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 31  # at least the refresh token's 30 days
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "digis.core.http.csrf_failure"

# ── Browser ─────────────────────────────────────────────────────────────────────────────────
STRIPE_HOSTED = ["https://checkout.stripe.com", "https://connect.stripe.com"]
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF, *STRIPE_HOSTED],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    },
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
PERMISSIONS_POLICY = (
    "camera=(self), microphone=(self), display-capture=(), geolocation=(), payment=(), usb=(), interest-cohort=()"
)
CORS_ALLOWED_ORIGINS: list[str] = []
CORS_URLS_REGEX = r"^/api/.*$"
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400
DATA_UPLOAD_MAX_NUMBER_FILES = 10
TRUSTED_PROXIES: list[str] = []  # addresses of our own proxies; only from them is X-Forwarded-For believed
# A header in which our proxies write the caller's country, such as CF-IPCountry; believed from TRUSTED_PROXIES alone. "" is off.
COUNTRY_HEADER = env.text("COUNTRY_HEADER", "")
DEV_PAGES = False  # /dev/…: the mailbox and the component gallery, never in production
MAIL_DIR = STATE_DIR / "mail"
VAPID_KEY_FILE = str(STATE_DIR / "vapid.secret")  # keeps the key for web push that nobody stated; "" in production
LIMITS_PREFIX = "digis:limit"
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # it is ours by then: strangers' are dropped at the edge
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # a person's address is not written down with each page
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = 10  # one line a request is enough: the one that says how it ended
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = 20  # a refusal is the site at work, not a warning

# ── Files ───────────────────────────────────────────────────────────────────────────────────
STATIC_URL = "/static/"
STATIC_ROOT = STATE_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = STATE_DIR / "media"
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
FORM_RENDERER = "digis.core.forms.DigisFormRenderer"

# ── API ─────────────────────────────────────────────────────────────────────────────────────
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "digis.core.api.exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Digis API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PREPROCESSING_HOOKS": ["digis.core.api_docs.only_versioned"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "digis.core.realtime.frames.add_to_schema",
    ],
}

# ── Stripe; amounts and limits are in money.py ──────────────────────────────────────────────
STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY", "")
STRIPE_API_VERSION = "2026-08-26.dahlia"
STRIPE_API_BASE = env.address("STRIPE_API_BASE", schemes={"http", "https"}, default="https://api.stripe.com")
if STRIPE_API_BASE != "https://api.stripe.com":
    STRIPE_API_HOST = STRIPE_API_BASE  # dj-stripe looks whether the name exists: it may not be defined as nothing
STRIPE_LIVE_MODE = STRIPE_SECRET_KEY.startswith(("sk_live", "rk_live"))
STRIPE_TEST_SECRET_KEY = "" if STRIPE_LIVE_MODE else STRIPE_SECRET_KEY
STRIPE_LIVE_SECRET_KEY = STRIPE_SECRET_KEY if STRIPE_LIVE_MODE else ""
STRIPE_WEBHOOK_SECRET = env.text("STRIPE_WEBHOOK_SECRET", "")
STRIPE_WEBHOOK_UUID = env.text("STRIPE_WEBHOOK_UUID", "6f1f8d6e-5f0a-4d3c-9c1e-7c6b6a1d0001")
STRIPE_CONNECT_WEBHOOK_SECRET = env.text("STRIPE_CONNECT_WEBHOOK_SECRET", "")  # of connected accounts' events
STRIPE_CONNECT_WEBHOOK_UUID = env.text("STRIPE_CONNECT_WEBHOOK_UUID", "6f1f8d6e-5f0a-4d3c-9c1e-7c6b6a1d0002")
STRIPE_WEBHOOK_TOLERANCE = 300  # seconds, to either side of now (LEDGER-5)
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
DJSTRIPE_SUBSCRIBER_MODEL = "accounts.User"
DJSTRIPE_WEBHOOK_EVENT_CALLBACK = "economy.handlers.store_stripe_event"  # store and promise; a worker looks at it
MIGRATION_MODULES = {"djstripe": "digis.stack.djstripe_migrations"}

# ── Calls (rules §8) ────────────────────────────────────────────────────────────────────────
CALL_RING_SECONDS = 30
CALL_HEARTBEAT_SECONDS = 5
CALL_LOST_SECONDS = 15
CALL_RECONNECT_SECONDS = 60
CALL_JOIN_SECONDS = 60
CALL_FREE_SECONDS = 20
CALL_MIN_SECONDS = 60
CALL_GRACE_SECONDS = 20
CALL_WARN_SECONDS = (180, 60)
CALL_MAX_PAUSES = 3
CALL_MAX_UNANSWERED = 3  # rings per fan, creator and hour (CALL-4)
CALL_MAX_FREE_PER_DAY = 2  # per pair (CALL-5)
ICE_SERVERS: list[dict[str, Any]] = []  # none are needed on one machine or network
TURN_URLS = env.words("TURN_URLS", "")  # turn:… and turns:… of a relay that shares TURN_SECRET
TURN_SECRET = env.text("TURN_SECRET", "")
AGORA_APP_ID = env.text("AGORA_APP_ID", "")  # set both: calls go over Agora instead of peer to peer
AGORA_APP_CERTIFICATE = env.text("AGORA_APP_CERTIFICATE", "")
# A heartbeat so recently is being online (DISC-2: within 60 s). A browser that crashed, even one whose machine lost its
# power, is away within a minute: 18 s until its socket is known to be dead, this, and the 5 s of `settle-presence`.
ONLINE_SECONDS = 35

# ── Notifications ───────────────────────────────────────────────────────────────────────────
NOTIFICATION_GROUP_HOURS = 24  # so long an unread line takes in more of its kind (NOT-3)
EXPIRY_NOTICE_DAYS = 7  # before promotional tokens expire (LEDGER-13)

# ── Papers: the dates of the versions people read; how long what is kept is kept (LAW-11) ──
OPERATOR = env.text("OPERATOR", "")  # who runs this site: name and address, one line, shown on /legal/
TERMS_DATE = "2026-11-21"
PRIVACY_DATE = "2026-11-21"
RETENTION_DAYS = {"sessions": 90, "addresses": 90, "calls": 365, "invoices": 3653}

# ── Watching ────────────────────────────────────────────────────────────────────────────────
SENTRY_DSN = env.text("SENTRY_DSN", "")
RELEASE = env.text("DIGIS_RELEASE", "")
METRICS_TOKEN = env.text("METRICS_TOKEN", "")  # without one /metrics answers this machine only
METRICS_DIR = env.text("PROMETHEUS_MULTIPROC_DIR", "")  # shared by the processes of one machine
LOG_LEVEL = env.text("LOG_LEVEL", "INFO")
LOGGING_CONFIG = "digis.core.logs.configure"
LOGGING: dict[str, Any] = {"level": LOG_LEVEL}
DEMO_DOMAIN = "digis.test"
