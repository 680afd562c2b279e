"""Letters: one Message-ID, text and HTML, a way out, and a second route when the first one fails (NOT-1, I18N-3)."""

from __future__ import annotations

import email
import email.policy
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from django.core import mail as django_mail

from digis.core import clock as core_clock
from digis.core import mail, mail_routes, outbox
from digis.core.models import OutboxEntry
from notifications import letters
from notifications.kinds import Text
from notifications.models import Delivery, Suppression
from tests import make
from tests.notifications import cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rested_routes():
    mail_routes._resting.clear()


@pytest.fixture
def mailbox(settings, tmp_path):
    """Development's mailbox."""
    settings.EMAIL_BACKEND = "digis.core.mail.StoredMailBackend"
    settings.MAIL_DIR = tmp_path / "mail"
    settings.DEV_PAGES = True


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


SMTP = "django.core.mail.backends.smtp.EmailBackend"


@contextmanager
def mail_server(answer_to_recipient: str = "250 fine") -> Iterator[tuple[int, list[str]]]:
    """Speak SMTP at a free port, as much of it as one letter needs; yield the port and what was taken."""
    taken: list[str] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def talk(wire: socket.socket) -> None:
        stream = wire.makefile("rwb", buffering=0)
        stream.write(b"220 here\r\n")
        while line := stream.readline().decode().strip():
            word = line.upper()
            if word.startswith("RCPT"):
                stream.write(f"{answer_to_recipient}\r\n".encode())
            elif word == "DATA":
                stream.write(b"354 go on\r\n")
                lines = []
                while (part := stream.readline()) not in {b".\r\n", b""}:
                    lines.append(part)
                taken.append(b"".join(lines).decode())
                stream.write(b"250 taken\r\n")
            elif word == "QUIT":
                stream.write(b"221 bye\r\n")
                break
            else:
                stream.write(b"250 fine\r\n")
        stream.close()
        wire.close()

    def serve() -> None:
        while True:
            try:
                wire, _ = listening.accept()
            except OSError:
                return
            talk(wire)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1], taken
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


# ── What a letter looks like ────────────────────────────────────────────────────────────────


def test_a_letter_is_read_from_the_development_mailbox_with_text_html_and_a_way_out(mailbox, client):
    """NOT-1, NOT-6: through the outbox, as the worker sends it."""
    ana = cast.listener("ana", "mail", display_name="Ana")
    cast.follow(ana, "ben")
    cast.run()
    delivery = cast.delivery_of(ana, "mail")
    (letter,) = mail.list_stored(to="ana@example.com")
    headers = dict(letter.headers)
    assert letter.subject == "Ben follows you"
    assert headers["Message-ID"].startswith(f"<{delivery.pk}@")
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    way_out = headers["List-Unsubscribe"].strip(" <>")  # folded on the way, as long headers are
    assert way_out.startswith("http")
    for body in (letter.text, letter.html):
        assert "Ben follows you" in body
        assert way_out in body
        assert f"/notifications/{delivery.notification_id}/" in body
    assert '<html lang="en" dir="ltr">' in letter.html
    assert "prefers-color-scheme: dark" in letter.html
    assert "Ben follows you" in client.get(f"/dev/mail/{letter.id}/").content.decode()
    assert (delivery.status, delivery.provider_id) == (Delivery.Status.SENT, headers["Message-ID"])


def test_sent_again_it_is_the_same_letter():
    """NOT-1: at least once, under one Message-ID."""
    ana = cast.listener("ana", "mail")
    cast.follow(ana)
    delivery = cast.delivery_of(ana, "mail")
    ids = [letters.send_letter(delivery=delivery, text=Text("Hello"), unsubscribe_url="") for _ in range(2)]
    first, second = django_mail.outbox
    assert ids[0] == ids[1] == first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]


def test_mandatory_news_offers_no_way_out():
    """NOT-5."""
    ana = cast.listener("ana", "mail")
    cast.follow(ana)
    letters.send_letter(delivery=cast.delivery_of(ana, "mail"), text=Text("Paid", url="/wallet/"), unsubscribe_url="")
    (message,) = django_mail.outbox
    assert "List-Unsubscribe" not in message.extra_headers
    assert "Stop these e-mails" not in message.body
    assert "/wallet/" in message.body


def test_names_cannot_break_out_of_a_letter():
    """I18N-4: whatever a person calls themself is text, in the subject as in the HTML."""
    ana = cast.listener("ana", "mail")
    cast.follow(ana)
    name = "<b>Zoë</b> & 🎻\r\nBcc: evil@example.com " + "x" * 200
    letters.send_letter(
        delivery=cast.delivery_of(ana, "mail"), text=Text(name, body=name), unsubscribe_url="https://digis.example/u"
    )
    (message,) = django_mail.outbox
    assert "\n" not in message.subject
    assert message.subject.startswith("<b>Zoë</b> & 🎻")
    html = message.alternatives[0][0]
    assert "<b>Zoë" not in html
    assert "&lt;b&gt;Zoë" in html
    assert message.bcc == []
    wire = email.message_from_bytes(message.message().as_bytes(), policy=email.policy.default)
    assert "Zoë" in wire["Subject"]


def test_a_letter_is_in_the_language_of_its_reader(settings):
    """I18N-3: the reader's, where Digis speaks it, whoever caused it."""
    settings.LANGUAGES = [("en", "English"), ("ar", "Arabic")]
    ana = cast.listener("ana", "mail", languages=["tlh", "ar", "en"])
    assert letters.language_of(ana) == "ar"
    cast.follow(ana)
    letters.send_letter(delivery=cast.delivery_of(ana, "mail"), text=Text("مرحبا"), unsubscribe_url="")
    assert '<html lang="ar" dir="rtl">' in django_mail.outbox[0].alternatives[0][0]


def test_a_digest_is_one_letter_about_many_things():
    ana = cast.listener("ana", "mail")
    for name in ("ben", "cleo"):
        cast.follow(ana, name)
    rows = list(Delivery.objects.filter(notification__person=ana, channel="mail"))
    texts = [Text("Ben follows you", url="/@ben/"), Text("Cleo follows you", body="Say hello")]
    args = {"person": ana, "texts": texts, "unsubscribe_url": "https://digis.example/u"}
    first = letters.send_digest(due=rows, **args)
    again = letters.send_digest(due=rows[::-1], **args)
    assert first == again
    message = django_mail.outbox[0]
    assert "2 pieces of news" in message.subject
    assert "Ben follows you" in message.body
    assert "Say hello" in message.alternatives[0][0]
    assert message.extra_headers["List-Unsubscribe"] == "<https://digis.example/u>"


# ── Routes ──────────────────────────────────────────────────────────────────────────────────


def test_when_the_first_route_fails_the_second_takes_the_same_letter(settings):
    """NOT-1: one letter, one Message-ID, whichever way it leaves."""
    settings.MAIL_ROUTES = [
        {"name": "first", "backend": SMTP, "options": {"host": "127.0.0.1", "port": closed_port(), "timeout": 2}},
        {"name": "second", "backend": ""},
    ]
    posted = mail_routes.post(mail_routes.Letter(id="a", to="ana@example.com", subject="Hello", text="Hello"))
    assert posted.route == "second"
    assert [message.extra_headers["Message-ID"] for message in django_mail.outbox] == [posted.message_id]


def test_a_route_that_failed_is_asked_last_for_a_while(settings):
    settings.MAIL_ROUTES = [{"name": "first", "backend": "no.such.Backend"}, {"name": "second", "backend": ""}]
    mail_routes.post(mail_routes.Letter(id="a", to="ana@example.com", subject="Hello", text="Hello"))
    assert [route["name"] for route in mail_routes._in_order(settings.MAIL_ROUTES)] == ["second", "first"]


def test_when_every_route_fails_the_letter_waits(settings):
    settings.MAIL_ROUTES = [{"name": "only", "backend": "no.such.Backend"}]
    mail.send(to="ana@example.com", template="accounts/verify", context={"code": "123456", "minutes": 15})
    assert outbox.relay(kinds=["core.mail"]) == 0
    entry = OutboxEntry.objects.get(kind="core.mail")
    assert entry.done_at is None
    assert entry.not_before > core_clock.now()
    assert "only" in entry.last_error


def test_a_mailbox_that_is_not_there_is_remembered_and_nothing_waits(settings):
    """NOT-7: the mail server says so at once, no event comes."""
    ana = cast.listener("ana", "mail")
    cast.follow(ana)
    with mail_server("550 5.1.1 no such user") as (port, taken):
        settings.MAIL_ROUTES = [{"name": "smtp", "backend": SMTP, "options": {"host": "127.0.0.1", "port": port}}]
        cast.run()
    assert taken == []
    assert cast.delivery_of(ana, "mail").status == Delivery.Status.BOUNCED
    assert Suppression.objects.get().address == "ana@example.com"


def test_a_server_that_refuses_us_does_not_make_the_address_bad(settings):
    with mail_server("550 5.7.1 relaying denied") as (port, _taken):
        settings.MAIL_ROUTES = [
            {"name": "smtp", "backend": SMTP, "options": {"host": "127.0.0.1", "port": port}},
            {"name": "second", "backend": ""},
        ]
        posted = mail_routes.post(mail_routes.Letter(id="a", to="ana@example.com", subject="Hello", text="Hello"))
    assert posted.route == "second"
    assert not Suppression.objects.exists()


def test_a_mail_server_gets_both_bodies_and_our_headers(settings):
    with mail_server() as (port, taken):
        settings.MAIL_ROUTES = [{"name": "smtp", "backend": SMTP, "options": {"host": "127.0.0.1", "port": port}}]
        ana = cast.listener("ana", "mail")
        cast.follow(ana, "ben")
        cast.run()
    wire = email.message_from_string(taken[0], policy=email.policy.default)
    assert [part.get_content_type() for part in wire.iter_parts()] == ["text/plain", "text/html"]
    assert wire["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert wire["Auto-Submitted"] == "auto-generated"


class Provider(BaseHTTPRequestHandler):
    """Answers as Postmark's API does."""

    got: list[SimpleNamespace] = []

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Provider.got.append(SimpleNamespace(path=self.path, token=self.headers["X-Postmark-Server-Token"], body=body))
        answer = json.dumps({"To": body["To"], "ErrorCode": 0, "Message": "OK", "MessageID": "b7bc2f4a-e38e"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_args):
        pass


def test_a_provider_is_named_by_its_address_in_the_environment(settings, monkeypatch):
    """Any of django-anymail's; here over real HTTP, as its API is spoken."""
    from digis.settings import env

    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    api = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setenv("EMAIL_URL", f"anymail://postmark?server_token=a%26b&api_url={api}")
    settings.MAIL_ROUTES = [env.mail_route("EMAIL_URL")]
    try:
        ana = cast.listener("ana", "mail")
        cast.follow(ana, "ben")
        cast.run()
    finally:
        server.shutdown()
        server.server_close()
    (got,) = Provider.got
    delivery = cast.delivery_of(ana, "mail")
    assert got.token == "a&b"
    assert got.body["Metadata"] == {"delivery": str(delivery.pk)}
    headers = {entry["Name"]: entry["Value"] for entry in got.body["Headers"]}
    assert headers["Message-ID"].startswith(f"<{delivery.pk}@")
    assert headers["X-PM-KeepID"] == "true"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert delivery.provider_id == "b7bc2f4a-e38e"


def test_letters_about_accounts_wear_the_same_coat(client):
    """The layout is one for all letters: language, dark mode, our name."""
    person = make.make_person("ana", verified=False)
    from accounts import services

    services.send_verify_code(person=person)
    (message,) = make.mail_to(person)
    html = message.alternatives[0][0]
    assert "prefers-color-scheme: dark" in html
    assert re.search(r'<html lang="en" dir="ltr">', html)
