"""Make a person with a session for every socket, and write down what the crowd needs: `people.py HOW_MANY FILE`.

Run with Django's settings in the environment, once, on a fresh database.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402  after Django's set-up, see above
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402
from django.db import transaction  # noqa: E402
from django.template.loader import render_to_string  # noqa: E402

from accounts import services  # noqa: E402
from benchmarks.realtime_peers.digis_room.apps import LineAdded  # noqa: E402
from benchmarks.realtime_peers.lines import NUMBER, SENT  # noqa: E402
from digis.core import clock  # noqa: E402


def main(count: int, file: Path) -> None:
    """Write the cookies, and the fragment with holes where number and time go."""
    with transaction.atomic():
        people = [
            services.make_person(email=f"reader{number}@example.com", handle=f"reader{number}", is_verified=False)
            for number in range(count)
        ]
    store = SessionStore()
    sessions = []
    for person in people:
        data = {
            SESSION_KEY: str(person.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: person.get_session_auth_hash(),
        }
        key = store._get_new_session_key()  # noqa: SLF001  the public way asks the database once per key
        until = clock.now() + timedelta(days=1)
        sessions.append(Session(session_key=key, session_data=store.encode(data), expire_date=until))
    Session.objects.bulk_create(sessions)
    found = {
        "cookies": [f"{settings.SESSION_COOKIE_NAME}={session.session_key}" for session in sessions],
        "origin": settings.SITE_URL,
        "host": settings.ALLOWED_HOSTS[0],
        "line": render_to_string(LineAdded.template, {"number": NUMBER, "sent": SENT}).strip(),
    }
    file.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
