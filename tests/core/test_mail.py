"""Mail is promised with its cause, sent once it committed, and readable in development."""

import pytest
from django.core import mail as django_mail
from django.db import transaction

from digis.core import mail, outbox
from tests import make


@pytest.fixture
def letter(settings, tmp_path):
    """A mail template of the test's own."""
    folder = tmp_path / "templates" / "probe" / "mail"
    folder.mkdir(parents=True)
    (folder / "hello.subject.txt").write_text("Hello\n{{ name }}\n")
    (folder / "hello.txt").write_text("Your code is {{ code }}. {{ site_name }} {{ site_url }}")
    (folder / "hello.html").write_text("<p>Your code is <b>{{ code }}</b></p>")
    (folder / "plain.subject.txt").write_text("Plain")
    (folder / "plain.txt").write_text("Only text")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [*settings.TEMPLATES[0]["DIRS"], tmp_path / "templates"]}]
    return "probe/hello"


@pytest.fixture
def stored(settings, tmp_path):
    """Development's way of sending: into a folder."""
    settings.EMAIL_BACKEND = "digis.core.mail.StoredMailBackend"
    settings.MAIL_DIR = tmp_path / "mail"
    settings.DEV_PAGES = True


@pytest.mark.django_db
def test_a_mail_has_text_and_html_and_one_line_of_subject(letter, fan):
    mail.send(to=fan, template=letter, context={"name": "Ana", "code": "123456"})
    assert django_mail.outbox == []  # nothing leaves before the worker
    (message,) = make.mail_to(fan)
    assert message.subject == "Hello Ana"
    assert "123456" in message.body
    assert message.alternatives[0][1] == "text/html"
    assert message.extra_headers["Message-ID"].startswith("<")


@pytest.mark.django_db
def test_a_mail_without_html_is_text(letter):
    mail.send(to="ana@example.com", template="probe/plain")
    (message,) = make.mail_to("ana@example.com")
    assert message.alternatives == []


@pytest.mark.django_db(transaction=True)
def test_a_mail_of_a_cause_that_failed_is_not_sent(letter):
    @transaction.atomic
    def act():
        mail.send(to="ana@example.com", template="probe/plain")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        act()
    assert make.mail_to("ana@example.com") == []


@pytest.mark.django_db
def test_a_repeated_delivery_has_the_same_message_id(letter):
    entry_payload = {"to": "a@example.com", "subject": "s", "text": "t", "html": "", "id": "42"}
    mail.deliver(entry_payload)
    mail.deliver(entry_payload)
    first, second = django_mail.outbox
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]


@pytest.mark.django_db
def test_a_header_cannot_be_slipped_in_by_a_name(letter):
    mail.send(to="a@example.com", template=letter, context={"name": "x\r\nBcc: evil@example.com", "code": "1"})
    (message,) = make.mail_to("a@example.com")
    assert "\n" not in message.subject
    assert message.bcc == []


@pytest.mark.django_db
def test_development_shows_its_mail(letter, stored, client):
    mail.send(to="ana@example.com", template=letter, context={"name": "Ana", "code": "123456"})
    mail.send(to="ben@example.com", template="probe/plain")
    outbox.relay()
    page = client.get("/dev/mail/").content.decode()
    assert "Hello Ana" in page
    assert "Plain" in page
    only = client.get("/dev/mail/", {"to": "ana@"}).content.decode()
    assert "Plain" not in only
    one = mail.list_stored(to="ana@")[0]
    detail = client.get(f"/dev/mail/{one.id}/").content.decode()
    assert "123456" in detail
    html = client.get(f"/dev/mail/{one.id}/html/")
    assert "<b>123456</b>" in html.content.decode()
    assert "unsafe-" not in html["Content-Security-Policy"]
    plain = mail.list_stored(to="ben@")[0]
    assert client.get(f"/dev/mail/{plain.id}/html/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/dev/mail/", "/dev/mail/0190a8c0-0000-7000-8000-000000000000/"])
def test_elsewhere_the_mailbox_does_not_exist(client, stored, settings, path):
    settings.DEV_PAGES = False
    assert client.get(path).status_code == 404
