"""Sending: signed bodies over plain HTTP, by background threads, until the receiver says 2xx."""

import hashlib
import hmac
import http.client
import json
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from digis.sandbox.stripe import outbox
from digis.sandbox.stripe.clock import wall
from digis.sandbox.stripe.loopback import is_loopback_url
from digis.sandbox.stripe.store import Thing
from digis.sandbox.stripe.world import World, public

TIMEOUT = 20.0
_IDLE = 1.0  # how often a worker looks around when nothing is due
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    status: int | None
    error: str | None = None


def encode(event: Thing) -> bytes:
    return json.dumps(public(event), indent=2).encode()


def sign(body: bytes, secrets: Sequence[str], *, timestamp: int) -> str:
    """Build the Stripe-Signature header; while a secret is being changed, both sign."""
    payload = str(timestamp).encode() + b"." + body
    marks = [hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={timestamp}", *[f"v1={mark}" for mark in marks]])


def post(url: str, body: bytes, signature: str) -> Answer:
    """Send once; a redirect is a failure, as it is for Stripe."""
    if not is_loopback_url(url):
        return Answer(None, "refused: not a loopback address")
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": signature,
        "User-Agent": "Stripe/1.0 (stand-in)",
        "Accept": "*/*; q=0.5, application/xml",
        "Cache-Control": "no-cache",
    }
    try:
        connection.request("POST", target, body, headers)
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException) as error:
        return Answer(None, f"{type(error).__name__}: {error}")
    else:
        return Answer(response.status)
    finally:
        connection.close()


class Postman:
    """Workers that take due deliveries out of the store, one at a time each."""

    def __init__(self, world: World, *, workers: int = 1, housekeeping: Callable[[], None] | None = None) -> None:
        self._world = world
        self._stop = threading.Event()
        self._housekeeping = housekeeping
        self._threads = [threading.Thread(target=self._work, name=f"postman-{n}", daemon=True) for n in range(workers)]

    def start(self) -> None:
        outbox.recover(self._world.store)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._world.wake.set()
        for thread in self._threads:
            thread.join(timeout=2)

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                if self._housekeeping is not None:
                    self._housekeeping()
                if not self._deliver_next():
                    self._rest()
            except Exception:
                logger.exception("A webhook worker stumbled and goes on")
                self._stop.wait(_IDLE)

    def _rest(self) -> None:
        due = outbox.next_due(self._world.store)
        wait = _IDLE if due is None else max(0.0, min(due - self._world.clock.steady(), _IDLE))
        self._world.wake.wait(wait)
        self._world.wake.clear()

    def _deliver_next(self) -> bool:
        world = self._world
        with world.sending():
            delivery = outbox.claim(world.store, world.clock.steady())
            if delivery is None:
                return False
            answer = deliver(world, delivery["event"], delivery["endpoint"])
            outbox.record(world.store, delivery, status=answer.status, error=answer.error, now=world.clock.steady())
            return True


def deliver(world: World, event_id: str, endpoint_id: str) -> Answer:
    event, endpoint = world.store.find(event_id), world.store.find(endpoint_id)
    if event is None or endpoint is None:
        return Answer(200, "nothing to send any more")
    body = encode(event)
    return post(endpoint["url"], body, sign(body, endpoint["_secrets"], timestamp=wall()))


def replay(world: World, event: Thing, order: dict[str, Any]) -> list[dict[str, Any]]:
    """Send copies of an event by hand, all at the same moment, and report each answer.

    `age` shifts the signature's timestamp into the past (or, negative, the future) · `secret` signs with another
    one · `tamper` changes the body (`body`) or the mark (`signature`) after signing, or leaves the header out (`none`).
    """
    copies = int(order.get("copies", 1))
    endpoints = outbox.list_receivers(world.store, event)
    jobs = [endpoint for _ in range(copies) for endpoint in endpoints]
    gate = threading.Barrier(max(1, len(jobs)))
    answers: list[dict[str, Any]] = [{} for _ in jobs]

    def send(place: int, endpoint: Thing) -> None:
        body, signature = _forge(event, endpoint, order)
        gate.wait(timeout=TIMEOUT)
        answer = post(endpoint["url"], body, signature)
        answers[place] = {"endpoint": endpoint["id"], "status": answer.status, "error": answer.error}

    threads = [threading.Thread(target=send, args=job, daemon=True) for job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _forge(event: Thing, endpoint: Thing, order: dict[str, Any]) -> tuple[bytes, str]:
    body = encode(event)
    secrets = [str(order["secret"])] if order.get("secret") else endpoint["_secrets"]
    signature = sign(body, secrets, timestamp=wall() - int(order.get("age", 0)))
    match order.get("tamper"):
        case "body":
            body = body.replace(b'"pending_webhooks": ', b'"pending_webhooks": 1', 1)
        case "reserialized":
            body = json.dumps(json.loads(body)).encode()
        case "signature":
            signature = signature[:-1] + ("0" if signature[-1] != "0" else "1")
        case "none":
            signature = ""
        case _:
            pass
    return body, signature
