"""Start the stand-in, and refuse to start where it could do harm."""

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from digis.sandbox.stripe import control, objects, schema, time_passes
from digis.sandbox.stripe.clock import Clock
from digis.sandbox.stripe.loopback import is_loopback_host, is_loopback_url
from digis.sandbox.stripe.server import Server
from digis.sandbox.stripe.store import Store
from digis.sandbox.stripe.webhooks import Postman
from digis.sandbox.stripe.world import World, new_id

ENDPOINT = "we_standin_platform"
CONNECT_ENDPOINT = "we_standin_connect"


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    refusal = _refusal(options)
    if refusal:
        print(f"stripe stand-in: {refusal}", file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.INFO, format="stripe stand-in: %(message)s")
    store = Store(Path(options.state) / "stripe.sqlite3")
    shared = Path(options.clock_offset_file) if options.clock_offset_file else None
    world = World(store, Clock(float(store.setting("clock", "0")), shared), base="")
    server = Server((options.host, options.port), world)
    world.base = f"http://{options.host if ':' not in options.host else f'[{options.host}]'}:{server.server_port}"
    _prepare(world, options)
    schema.warm()
    postman = Postman(world, workers=options.workers, housekeeping=lambda: _keep_house(world))
    postman.start()
    done = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: done.set())
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
    serving.start()
    print(f"stripe stand-in: ready at {world.base}", flush=True)
    done.wait()
    server.shutdown()
    postman.stop()
    store.close()
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="digis.sandbox.stripe", description="A stand-in for Stripe, on loopback.")
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen at")
    parser.add_argument("--port", type=int, default=12111, help="0 takes a free one; the ready line tells which")
    parser.add_argument("--state", required=True, help="folder that keeps customers, payments and pending webhooks")
    parser.add_argument("--webhook-url", default="", help="where events of the platform go")
    parser.add_argument("--webhook-secret", default="", help="whsec_… that signs them")
    parser.add_argument("--connect-webhook-url", default="", help="where events of connected accounts go")
    parser.add_argument(
        "--connect-webhook-secret", default="", help="whsec_… that signs them; the platform's if not given"
    )
    parser.add_argument("--merchant", default="Digis", help="name on the hosted pages")
    parser.add_argument("--workers", type=int, default=1, help="webhooks sent at the same time; 1 keeps their order")
    parser.add_argument(
        "--clock-offset-file", default="", help="file with seconds that shift the clock, shared by tests"
    )
    options = parser.parse_args(arguments)
    options.connect_webhook_secret = options.connect_webhook_secret or options.webhook_secret
    return options


def _refusal(options: argparse.Namespace) -> str:
    if not is_loopback_host(options.host):
        return f"refuses to listen at {options.host}: loopback only"
    for url, secret in (
        (options.webhook_url, options.webhook_secret),
        (options.connect_webhook_url, options.connect_webhook_secret),
    ):
        if url and not is_loopback_url(url):
            return f"refuses to send webhooks to {url}: plain http on loopback only"
        if url and not secret.startswith("whsec_"):
            return "needs a webhook secret that begins with whsec_"
    if os.environ.get("STRIPE_SECRET_KEY", "").startswith(("sk_live", "rk_live")):
        return "refuses to run beside a live key (STRIPE_SECRET_KEY)"
    return ""


def _prepare(world: World, options: argparse.Namespace) -> None:
    with world.store.transaction():
        if not world.platform:
            account = objects.account(account_id=new_id("acct"), name=options.merchant, created=world.clock.now())
            world.store.add(account, "")
            world.store.set("platform", account["id"])
        for id_, url, secret, is_connect in (
            (ENDPOINT, options.webhook_url, options.webhook_secret, False),
            (CONNECT_ENDPOINT, options.connect_webhook_url, options.connect_webhook_secret, True),
        ):
            if url:
                control.register(world, url=url, secrets=[secret], endpoint_id=id_, is_connect=is_connect)


def _keep_house(world: World) -> None:
    with world.store.transaction():
        time_passes.keep_house(world)
