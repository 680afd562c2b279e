"""The service itself: subscriptions made for tests, pushes over real HTTP, and failures on demand."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

from typing_extensions import override

from digis.sandbox.push.seal import BrowserKeys, Refused, check_signature
from digis.sandbox.stripe.loopback import is_loopback_host

LONGEST = 4_096  # what RFC 8030 makes every service take, and most take no more
URGENCIES = {"very-low", "low", "normal", "high"}
TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")


@dataclass(frozen=True)
class Pushed:
    """A push as it came, opened."""

    text: str
    ttl: int
    urgency: str
    topic: str
    claims: dict[str, Any]

    @property
    def told(self) -> Any:
        return json.loads(self.text)


@dataclass
class Subscription:
    """A browser that asked to be woken; `key` is the applicationServerKey it named."""

    id: str
    endpoint: str
    key: str
    keys: BrowserKeys = field(default_factory=BrowserKeys)
    taken: list[Pushed] = field(default_factory=list)
    faults: list[tuple[int, dict[str, str]]] = field(default_factory=list)  # answers to give before taking one
    is_gone: bool = False

    def waiting(self) -> list[Pushed]:
        """Return what a browser that comes back now would be shown: the newest of each topic."""
        kept: dict[str, Pushed] = {}
        for number, pushed in enumerate(self.taken):
            if pushed.ttl > 0:
                kept[pushed.topic or f"#{number}"] = pushed
        return list(kept.values())

    def info(self) -> dict[str, Any]:
        return {"endpoint": self.endpoint, "keys": self.keys.public()}


class PushService:
    """Runs in a thread of the test, or of the program beside it."""

    def __init__(self, *, port: int = 0) -> None:
        self._server = _Server(("127.0.0.1", port), self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.subscriptions: dict[str, Subscription] = {}
        self.refusals: list[str] = []
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def start(self) -> PushService:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def subscribe(self, key: str = "") -> Subscription:
        """Do what a browser's `pushManager.subscribe` does."""
        name = uuid4().hex
        made = Subscription(name, f"{self.url}/push/{name}", key)
        self.subscriptions[name] = made
        return made

    def take(self, name: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        """Take a push, or say in a status why not."""
        found = self.subscriptions.get(name)
        if found is None:
            return 404, {}
        if found.is_gone:
            return 410, {}
        if found.faults:
            return found.faults.pop(0)
        try:
            pushed = self._read(found, headers, body)
        except Refused as refusal:
            self.refusals.append(str(refusal))
            return refusal.status, {}
        found.taken.append(pushed)
        return 201, {"Location": f"{self.url}/message/{uuid4().hex}"}

    def _read(self, found: Subscription, headers: dict[str, str], body: bytes) -> Pushed:
        ttl, urgency, topic = headers.get("ttl", ""), headers.get("urgency", "normal"), headers.get("topic", "")
        claims = check_signature(headers.get("authorization", ""), audience=self.url, key=found.key)
        if not ttl.isdecimal():
            raise Refused(400, "There is no TTL.")
        if urgency not in URGENCIES:
            raise Refused(400, "The urgency is none of the four.")
        if topic and not TOPIC.fullmatch(topic):
            raise Refused(400, "The topic is no 32 letters of base64url.")
        if len(body) > LONGEST:
            raise Refused(413, "The body is longer than 4096 bytes.")
        if headers.get("content-encoding") != "aes128gcm":
            raise Refused(400, "The body is not sealed by aes128gcm.")
        return Pushed(found.keys.open(body), int(ttl), urgency, topic, claims)

    def control(self, order: dict[str, Any]) -> dict[str, Any]:
        """Obey another process: subscribe, fail, forget, or tell what came."""
        if "subscribe" in order:
            return self.subscribe(str(order["subscribe"] or "")).info()
        found = self.subscriptions[str(order["id"])]
        if "fault" in order:
            found.faults.append((int(order["fault"]), dict(order.get("headers", {}))))
        if "gone" in order:
            found.is_gone = bool(order["gone"])
        return {"taken": [vars(pushed) for pushed in found.taken], "refusals": self.refusals}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], service: PushService) -> None:
        self.service = service
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(min(int(headers.get("content-length") or 0), 1_000_000))
        if not is_loopback_host(re.sub(r":\d+$", "", headers.get("host", ""))):
            self._answer(421, {})
        elif self.path.startswith("/push/"):
            self._answer(*self.server.service.take(self.path.removeprefix("/push/"), headers, body))
        elif self.path == "/_ctl" and "origin" not in headers:  # programs on this machine, no web pages
            try:
                told = self.server.service.control(json.loads(body))
            except (KeyError, ValueError):
                self._answer(400, {})
            else:
                self._answer(200, {"Content-Type": "application/json"}, json.dumps(told).encode())
        else:
            self._answer(404, {})

    def _answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet: a test reads `refusals`."""
