"""How Digis writes to people: mail and web push. A part of `base`."""

from __future__ import annotations

from typing import Any

from digis.settings import env

# ── Mail ────────────────────────────────────────────────────────────────────────────────────
DEFAULT_FROM_EMAIL = "Digis <hello@digis.test>"
EMAIL_BACKEND = "digis.core.mail.StoredMailBackend"
MAIL_ROUTES: list[dict[str, Any]] = [{"name": "mailbox", "backend": ""}]  # tried in order; no backend: EMAIL_BACKEND
MAIL_EVENTS: list[str] = []  # providers (django-anymail's names) whose news of bounces we take, under /mail/events/
ANYMAIL: dict[str, Any] = {}

# ── Web push ────────────────────────────────────────────────────────────────────────────────
WEB_PUSH = True
VAPID_PRIVATE_KEY = env.text("VAPID_PRIVATE_KEY", "")  # 32 bytes in base64url: `manage.py make_vapid_key` prints one
VAPID_SUBJECT = env.text("VAPID_SUBJECT", "mailto:hello@digis.test")  # whom a push service may write to
PUSH_SANDBOX_URL = ""  # the one address on this machine that pushes may go to: the stand-in's
