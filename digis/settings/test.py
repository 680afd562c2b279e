"""Test: the same code, one shared clock that tests may move, and hashes that are quick to make."""

from __future__ import annotations

from digis.settings import env
from digis.settings.development import *  # noqa: F403  # test extends development by its names

ENVIRONMENT = "test"
DEBUG = False
SECRET_KEY = "test-only-not-a-secret-" + "x" * 40
RATES_FIXED = False
CLOCK_OFFSET_FILE = env.text("DIGIS_CLOCK_FILE", "")
SIGNUP_GRANT = env.number("SIGNUP_GRANT", 0, high=10_000)
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
]
