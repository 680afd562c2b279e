"""A merchant's webhook endpoint for tests: it keeps what it is sent and answers what it is told."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import stripe

from tests.stripe_sandbox import WEBHOOK_SECRET


@dataclass
class Letter:
    body: bytes
    signature: str
    at: float
    is_genuine: bool

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass
class Receiver:
    secret: str = WEBHOOK_SECRET
    letters: list[Letter] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)  # statuses for the next letters; 200 when it runs out
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(body, self.headers.get("Stripe-Signature", ""))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class names it so
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}/stripe/webhook/"

    def take(self, body: bytes, signature: str) -> int:
        try:
            stripe.Webhook.construct_event(body, signature, self.secret)
            is_genuine = True
        except (ValueError, stripe.SignatureVerificationError):
            is_genuine = False
        with self._lock:
            self.letters.append(Letter(body, signature, time.time(), is_genuine))
            if not is_genuine:
                return 400
            return self.answers.pop(0) if self.answers else 200

    @property
    def types(self) -> list[str]:
        return [letter.event["type"] for letter in self.letters]

    def clear(self) -> None:
        with self._lock:
            self.letters.clear()
            self.answers.clear()

    def wait_until(self, condition: Callable[[], bool], timeout: float = 15) -> None:
        limit = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < limit, f"It did not happen. Received: {self.types}"
            threading.Event().wait(0.02)
