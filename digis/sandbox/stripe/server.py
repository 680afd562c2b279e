"""HTTP: who may ask, what fails on purpose, and which part answers."""

import json
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from typing_extensions import override

from digis.sandbox.stripe import API_VERSION, api, connect, control, forms, idempotency, pages
from digis.sandbox.stripe.errors import ApiError
from digis.sandbox.stripe.loopback import is_loopback_host
from digis.sandbox.stripe.reply import Reply, as_json
from digis.sandbox.stripe.world import Call, World, public, random_text

MAX_BODY = 1_000_000
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: str
    id: str = field(default_factory=lambda: f"req_{random_text(14)}")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], world: World) -> None:
        self.world = world
        super().__init__(address, Handler)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "StripeStandIn"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60
    server: Server

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY or "chunked" in self.headers.get("Transfer-Encoding", ""):
            self.close_connection = True
            self._send(as_json({"error": {"message": "Body too large", "type": "invalid_request_error"}}, status=413))
            return
        body = self.rfile.read(length).decode("utf-8", "replace")
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, unquote(parts.path), parts.query, headers, body)
        try:
            reply = answer(self.server.world, request)
        except ApiError as error:
            reply = _refused(error)
        except Exception:
            logger.exception("%s %s", request.method, request.path)
            reply = as_json({"error": {"message": "The stand-in has a bug.", "type": "api_error"}}, status=500)
        self._send(reply, request.id)

    do_GET = do_POST = do_DELETE = do_HEAD = _handle  # noqa: N815  the base class asks for these names

    def _send(self, reply: Reply, request_id: str = "") -> None:
        if reply.is_cut:
            self.close_connection = True
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("Request-Id", request_id)
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
        self.wfile.flush()

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet: a development log is for the product."""


def answer(world: World, request: Request) -> Reply:
    host = re.sub(r":\d+$", "", request.headers.get("host", ""))
    if not is_loopback_host(host):
        return as_json({"error": {"message": "This stand-in answers to loopback names only."}}, status=421)
    if request.path.startswith("/_ctl/"):
        return _control(world, request)
    if request.path.startswith(("/v1/", "/v2/")):
        return _api(world, request)
    query, form = (dict(parse_qsl(text, keep_blank_values=True)) for text in (request.query, request.body))
    return pages.answer(world, request.method, request.path, query=query, form=form)


def _control(world: World, request: Request) -> Reply:
    """Obey programs on this machine; a web page in a browser sends an Origin, and is refused."""
    if "origin" in request.headers or request.headers.get("sec-fetch-site", "none") != "none":
        return as_json({"error": {"message": "The control interface does not obey web pages."}}, status=403)
    try:
        order = json.loads(request.body or "{}")
    except ValueError:
        order = None
    if not isinstance(order, dict):
        return as_json({"error": {"message": "Send one JSON object."}}, status=400)
    order = {**dict(parse_qsl(request.query)), **order}
    return as_json(control.act(world, request.path.removeprefix("/_ctl/"), order))


def _api(world: World, request: Request) -> Reply:
    key = _key_of(request)
    refusal = _refuse(world, request, key)
    if refusal is not None:
        return refusal
    is_cut = False
    for fault in _faults(world, request):
        match fault["kind"]:
            case "slow":
                time.sleep(fault["seconds"])
            case "drop":
                is_cut = True
            case "rate_limit":
                message = "Too many requests hit the API too quickly."
                return _error(message, status=429, code="rate_limit")
            case _:
                message = "An unknown error occurred."
                return _error(message, status=fault["status"], family="api_error")
    reply = _run(world, request)
    reply.headers.update({"Stripe-Version": API_VERSION, "Cache-Control": "no-cache, no-store"})
    reply.is_cut = is_cut
    return reply


def _run(world: World, request: Request) -> Reply:
    idempotency_key = request.headers.get("idempotency-key") if request.method in {"POST", "DELETE"} else None
    call = Call(world, _scope(world, request), request.id, idempotency_key)
    fingerprint = f"{request.method} {request.path}\n{request.body}"
    try:
        with world.store.transaction():
            if idempotency_key:
                known = idempotency.find(call, idempotency_key, fingerprint)
                if known is not None:
                    return known
            reply = _try(call, request)
            if idempotency_key:
                idempotency.keep(call, idempotency_key, fingerprint, reply)
                reply.headers["Idempotency-Key"] = idempotency_key
            return reply
    except ApiError as error:
        reply = _refused(error)
        if idempotency_key and not error.is_validation:
            with world.store.transaction():
                idempotency.keep(call, idempotency_key, fingerprint, reply)
        return reply


def _try(call: Call, request: Request) -> Reply:
    try:
        params = forms.decode(request.query, request.body)
        return as_json(api.answer(call, request.method, request.path, params))
    except ApiError as error:
        if not error.keeps:
            raise
        return _refused(error)


def _refused(error: ApiError) -> Reply:
    return as_json(public(error.body()), status=error.status)


def _key_of(request: Request) -> str:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


_TEST_KEY = re.compile(r"(sk|rk)_test_[A-Za-z0-9]{10,}")


def _refuse(world: World, request: Request, key: str) -> Reply | None:
    if re.match(r"(sk|rk|pk)_live_", key):
        return _error("This is a stand-in for Stripe. It refuses live keys: never send one here.", status=401)
    if not _TEST_KEY.fullmatch(key):
        return _error("Invalid API Key provided. Use a key such as sk_test_….", status=401)
    version = request.headers.get("stripe-version", API_VERSION)
    if version != API_VERSION:
        return _error(f"Invalid Stripe API version: {version}. This stand-in speaks {API_VERSION} only.", status=400)
    account = request.headers.get("stripe-account", "")
    if account and account != world.platform:
        try:
            connect.find(Call(world), account)
        except ApiError as error:
            return _refused(error)
    return None


def _scope(world: World, request: Request) -> str:
    account = request.headers.get("stripe-account", "")
    return "" if account == world.platform else account


def _error(message: str, *, status: int, family: str = "invalid_request_error", **fields: str) -> Reply:
    return as_json({"error": {"message": message, "type": family, **fields}}, status=status)


def _faults(world: World, request: Request) -> list[dict[str, Any]]:
    """Take the faults that this call has to suffer, counting each down."""
    with world.store.transaction():
        hit = [
            dict(row)
            for row in world.store.rows("SELECT * FROM faults WHERE remaining > 0 ORDER BY id")
            if row["method"] in {"*", request.method} and re.fullmatch(row["path"], request.path)
        ][:1]
        for fault in hit:
            world.store.run("UPDATE faults SET remaining = remaining - 1 WHERE id = ?", fault["id"])
    return hit
