"""Production starts with its secrets stated, or not at all."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from digis.settings import env
from tests import make
from tests.core.test_outbox import environment_of_this_database

PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "digis.settings.production",
    "SECRET_KEY": "0123456789abcdefghij" * 3,
    "ALLOWED_HOSTS": "digis.example",
    "SITE_URL": "https://digis.example",
    "TRUSTED_PROXIES": "10.0.0.0/8",
    "STRIPE_SECRET_KEY": "sk_live_abcdefghijklmnop",
    "STRIPE_WEBHOOK_SECRET": "whsec_abcdefgh",
    "STRIPE_CONNECT_WEBHOOK_SECRET": "whsec_ijklmnop",
    "EMAIL_URL": "smtp+tls://mailer:p%40ss@mail.example:587",
    "MAIL_FROM": "Digis <hello@digis.example>",
    "METRICS_TOKEN": "m" * 30,
}
DROPPED = ("DATABASE_URL", "REDIS_URL", "DIGIS_CLOCK_FILE", "STRIPE_API_BASE", "DEBUG")


def production(*arguments, without=(), **changes):
    kept = {name: value for name, value in os.environ.items() if name not in DROPPED}
    given = {
        **kept,
        "DATABASE_URL": "postgresql://x@127.0.0.1:1/x",
        "REDIS_URL": "redis://127.0.0.1:1",
        **PRODUCTION,
        **changes,
    }
    for name in without:
        given.pop(name)
    return subprocess.run(
        [sys.executable, *arguments], env=given, capture_output=True, text=True, timeout=120, check=False
    )


def settings_of(**changes):
    return production(
        "-c", "from django.conf import settings; print(settings.DEBUG, settings.EMAIL_HOST_PASSWORD)", **changes
    )


@pytest.mark.parametrize(
    "name",
    [
        "SECRET_KEY",
        "ALLOWED_HOSTS",
        "TRUSTED_PROXIES",
        "DATABASE_URL",
        "REDIS_URL",
        "STRIPE_SECRET_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "STRIPE_CONNECT_WEBHOOK_SECRET",
        "EMAIL_URL",
        "MAIL_FROM",
        "SITE_URL",
    ],
)
def test_production_names_what_is_missing(name):
    done = settings_of(without=[name])
    assert done.returncode != 0
    assert name in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SITE_URL", "http://digis.example"),
        ("EMAIL_URL", "mail.example"),
        ("EMAIL_URL", "smtp://mail.example:many"),
        ("DATABASE_URL", "mysql://x"),
        ("DATABASE_POOL", "lots"),
        ("EMAIL_URL", "anymail://nobody?key=x"),
        ("EMAIL_URL_2", "mail.example"),
        ("MAIL_EVENTS", "mailgun"),
        ("MAIL_EVENTS_SECRET", "no colon"),
        ("VAPID_PRIVATE_KEY", "short"),
        ("RATES_URL", "http://rates.example/daily.xml"),
    ],
)
def test_production_refuses_what_is_malformed(name, value):
    also = {"MAIL_EVENTS": "anymail://postmark"} if name == "MAIL_EVENTS_SECRET" else {}
    done = settings_of(**{name: value}, **also)
    assert done.returncode != 0
    assert name in done.stderr.splitlines()[-1]


def test_production_starts_with_everything_stated():
    done = settings_of()
    assert done.stdout.split() == ["False", "p@ss"], done.stderr


def test_mail_leaves_by_two_routes_and_push_waits_for_its_key():
    show = (
        "from django.conf import settings as s; print(s.WEB_PUSH, [(r['name'], r['backend']) for r in s.MAIL_ROUTES])"
    )
    done = production("-c", show, EMAIL_URL="anymail://postmark?server_token=x", EMAIL_URL_2=PRODUCTION["EMAIL_URL"])
    assert done.stdout.split(maxsplit=1)[0] == "False", done.stderr
    assert "('postmark', 'anymail.backends.postmark.EmailBackend')" in done.stdout
    assert "('mail.example (second)', 'django.core.mail.backends.smtp.EmailBackend')" in done.stdout
    stated = production(
        "-c", "from django.conf import settings as s; print(s.WEB_PUSH, s.VAPID_SUBJECT)", VAPID_PRIVATE_KEY="A" * 43
    )
    assert stated.stdout.split() == ["True", "mailto:hello@digis.example"], stated.stderr
    refused = production("-c", show, WEB_PUSH="true")
    assert "VAPID_PRIVATE_KEY" in refused.stderr.splitlines()[-1]


@pytest.mark.django_db(transaction=True)
def test_the_deployment_check_is_clean_and_finds_demo_accounts():
    database = environment_of_this_database()["DATABASE_URL"]
    redis = os.environ["REDIS_URL"]
    check = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    clean = production(*check, DATABASE_URL=database, REDIS_URL=redis)
    assert clean.returncode == 0, clean.stderr
    make.make_person("demo", email="fan@digis.test")
    found = production(*check, DATABASE_URL=database, REDIS_URL=redis)
    assert found.returncode != 0
    assert "core.E008" in found.stderr


@pytest.mark.django_db(transaction=True)
def test_production_does_not_start_on_a_demo():
    database = environment_of_this_database()["DATABASE_URL"]
    start = ("-c", "import digis.wsgi")
    assert production(*start, DATABASE_URL=database).returncode == 0
    make.make_person("demo", email="fan@digis.test")
    worker = ("-m", "celery", "-A", "digis", "worker", "--loglevel", "ERROR", "--pool", "solo", "--without-mingle")
    for what in (start, worker):
        refused = production(*what, DATABASE_URL=database)
        assert refused.returncode != 0
        assert "demo accounts" in refused.stderr


@pytest.mark.parametrize("proxies", ["everything", "0.0.0.0/0", "10.0.0.0/33"])
def test_proxies_are_addresses_of_ours(proxies):
    done = production("manage.py", "check", "-t", "core", TRUSTED_PROXIES=proxies)
    assert done.returncode != 0
    assert "TRUSTED_PROXIES" in done.stderr


def test_the_environment_is_read_strictly(monkeypatch):
    monkeypatch.setenv("X", "maybe")
    for read in (
        lambda: env.flag("X", default=True),
        lambda: env.number("X"),
        lambda: env.address("X", schemes={"http"}),
    ):
        with pytest.raises(ImproperlyConfigured, match="Set X"):
            read()
    monkeypatch.setenv("X", "300")
    with pytest.raises(ImproperlyConfigured, match="between 1 and 200"):
        env.number("X", low=1, high=200)
    monkeypatch.setenv("X", "a, ,b")
    assert env.words("X") == ["a", "b"]
    monkeypatch.delenv("X")
    with pytest.raises(ImproperlyConfigured, match="no default"):
        env.text("X")
