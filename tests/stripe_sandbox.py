"""The Stripe stand-in as a process of its own, and a typed client for its control interface."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import httpx
import stripe

TEST_KEY = "sk_test_51localdevelopmentkey00000"
WEBHOOK_SECRET = "whsec_standinofthetests0000000000"
CONNECT_SECRET = "whsec_connectofthetests0000000000"
READY = "ready at "
START_TIMEOUT = 30.0

Json = dict[str, Any]


@cache
def _http() -> httpx.Client:
    """One client for all orders: making one is slow. It keeps no connection, which a restart would break."""
    return httpx.Client(limits=httpx.Limits(max_keepalive_connections=0))


@dataclass
class StripeSandbox:
    """A running stand-in. `client` is what the product uses; everything else is what only a test may do."""

    url: str
    process: subprocess.Popen[str]
    arguments: Sequence[str]
    client: stripe.StripeClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = client_for(self.url)

    # — its life —

    def stop(self) -> None:
        self.process.terminate()
        self._await_end()

    def kill(self) -> None:
        """End it the hard way, as a crash does."""
        self.process.kill()
        self._await_end()

    def _await_end(self) -> None:
        self.process.wait(timeout=15)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def restart(self) -> None:
        """Start it again at the same address with the same state."""
        if self.process.poll() is None:
            self.stop()
        port = self.url.rpartition(":")[2]
        self.process, self.url = _launch([*self.arguments, "--port", port])

    # — control —

    def control(self, name: str, /, **order: Any) -> Any:
        given = {key: value for key, value in order.items() if value is not None}
        response = _http().post(f"{self.url}/_ctl/{name}", json=given, timeout=60)
        if response.is_error:
            raise SandboxRefusedError(response.status_code, response.json()["error"]["message"])
        return response.json()

    def state(self) -> Json:
        return self.control("state")

    def reset(self) -> None:
        self.control("reset")

    def advance(self, seconds: float) -> Json:
        return self.control("advance", seconds=seconds)

    def events(self, types: str = "*", *, about: str | None = None) -> list[Json]:
        """List events, oldest first, by a pattern of types and by an object they mention."""
        return self.control("events", types=types, object=about)

    def deliveries(self, types: str = "*", *, event: str | None = None, state: str | None = None) -> list[Json]:
        return self.control("deliveries", types=types, event=event, state=state)

    def wait(self, timeout: float = 20) -> None:
        """Wait until every webhook that nothing holds back has been answered with 2xx, or given up."""
        answer = self.control("wait", timeout=timeout)
        assert answer["is_idle"], f"{answer['unfinished']} webhooks are still not delivered: {self._troubles()}"

    def _troubles(self) -> list[str]:
        return [f"{d['type']}: {d['last_status']} {d['last_error'] or ''}" for d in self.deliveries(state="pending")]

    def replay(
        self,
        event: str,
        *,
        copies: int = 1,
        age: int = 0,
        secret: str | None = None,
        tamper: Literal["body", "reserialized", "signature", "none"] | None = None,
        patch: Json | None = None,
        is_new: bool = False,
    ) -> list[int | None]:
        """Send copies of an event at the same moment; return the answers' statuses.

        `age` makes the signature that many seconds old (negative: from the future).
        """
        order = {"copies": copies, "age": age, "secret": secret, "tamper": tamper, "patch": patch, "is_new": is_new}
        return [answer["status"] for answer in self.control("replay", event=event, **order)]

    def emit(self, event_type: str, *, about: str | None = None, data: Json | None = None) -> Json:
        return self.control("emit", type=event_type, object=about, data=data)

    def hold(self, types: str = "*", *, times: int | None = None) -> None:
        self.control("hold", types=types, times=times)

    def delay(self, seconds: float, types: str = "*", *, times: int | None = None) -> None:
        self.control("delay", types=types, seconds=seconds, times=times)

    def drop(self, types: str = "*", *, times: int | None = None) -> None:
        self.control("drop", types=types, times=times)

    def reorder(self, types: str = "*", *, times: int = 2) -> None:
        """Collect the next deliveries and let them go last in, first out."""
        self.control("reorder", types=types, times=times)

    def release(
        self,
        order: Literal["oldest", "newest", "shuffled"] = "oldest",
        *,
        types: str = "*",
        events: Sequence[str] = (),
        seed: int = 0,
    ) -> int:
        return self.control("release", order=order, types=types, events=list(events), seed=seed)["released"]

    def forget_rules(self) -> None:
        self.control("rules/forget")

    def fault(
        self,
        kind: Literal["error", "rate_limit", "drop", "slow"],
        path: str = ".*",
        *,
        method: str = "*",
        times: int = 1,
        status: int = 500,
        seconds: float = 0,
    ) -> None:
        """Make the next API calls fail; `drop` commits first and then cuts the connection."""
        self.control("fault", kind=kind, path=path, method=method, times=times, status=status, seconds=seconds)

    def forget_faults(self) -> None:
        self.control("faults/forget")

    def endpoint(
        self, url: str, *, secrets: Sequence[str], endpoint_id: str | None = None, connect: bool = False
    ) -> Json:
        """Add a receiver, of the connected accounts' events if `connect`, or change the one with this id."""
        return self.control("endpoint", url=url, secrets=list(secrets), id=endpoint_id, connect=connect)

    def pay(
        self, session: str, card: str = "4242424242424242", *, passes: bool | None = None, country: str | None = None
    ) -> Json:
        """Pay a checkout session without its page; a decline leaves it open. `country` is of the billing address."""
        return self.control("pay", session=session, card=card, passes=passes, country=country)

    def refund(self, payment_intent: str, *, amount: int | None = None) -> Json:
        return self.control("refunds", payment_intent=payment_intent, amount=amount)

    def fail_refund(self, refund: str, reason: str | None = None) -> Json:
        return self.control("refunds/fail", refund=refund, reason=reason)

    def settle_refund(self, refund: str) -> Json:
        return self.control("refunds/settle", refund=refund)

    def dispute(
        self,
        payment_intent: str,
        *,
        amount: int | None = None,
        reason: str = "fraudulent",
        inquiry: bool = False,
        due_in_days: int | None = None,
    ) -> Json:
        """Let the buyer's bank take a payment back, or, with `inquiry`, only ask about it."""
        order = {"amount": amount, "reason": reason, "inquiry": inquiry, "due_in_days": due_in_days}
        return self.control("disputes", payment_intent=payment_intent, **order)

    def escalate_dispute(self, dispute: str) -> Json:
        """Turn an inquiry into a chargeback."""
        return self.control("disputes/escalate", dispute=dispute)

    def close_dispute(self, dispute: str, status: Literal["won", "lost", "warning_closed"]) -> Json:
        return self.control("disputes/close", dispute=dispute, status=status)

    def warn_of_fraud(self, payment_intent: str) -> Json:
        return self.control("fraud_warnings", payment_intent=payment_intent)

    # — connected accounts, their transfers and their banks —

    def add_funds(self, amount: int, currency: str = "usd", *, account: str | None = None) -> Json:
        """Put money into an available balance, the platform's unless told; a negative amount takes it out."""
        return self.control("funds", amount=amount, currency=currency, account=account)

    def onboard(
        self,
        account: str,
        outcome: Literal["approved", "pending", "document"] = "approved",
        *,
        number: str | None = None,
        name: str | None = None,
    ) -> Json:
        """Give Stripe all it wants of a connected account, without the hosted page; `number` is its test bank account."""
        return self.control("accounts/onboard", account=account, outcome=outcome, number=number, name=name)

    def decide_check(self, account: str, *, passes: bool = True) -> Json:
        return self.control("accounts/decide", account=account, passes=passes)

    def demand(self, account: str, *fields: str) -> Json:
        """Let Stripe ask a connected account for more, such as individual.verification.document."""
        return self.control("accounts/demand", account=account, fields=list(fields))

    def change_bank(self, account: str, number: str | None = None) -> Json:
        return self.control("accounts/bank", account=account, number=number)

    def reject_account(self, account: str, reason: str = "fraud") -> Json:
        return self.control("accounts/reject", account=account, reason=reason)

    def deauthorize(self, account: str) -> None:
        self.control("accounts/deauthorize", account=account)

    def reverse_transfer(self, transfer: str, *, amount: int | None = None) -> Json:
        """Reverse a transfer as staff do in the dashboard."""
        return self.control("transfers/reverse", transfer=transfer, amount=amount)

    def step_payout(self, payout: str) -> Json:
        """Take a payout one step: to the bank, then to the end that its bank account is for."""
        return self.control("payouts/step", payout=payout)

    def pay_payout(self, payout: str) -> Json:
        return self.control("payouts/pay", payout=payout)

    def fail_payout(self, payout: str, code: str = "account_closed", *, spoils: bool = True) -> Json:
        """Let the bank refuse a payout, also one that is paid; it takes no more payouts then, unless `spoils` is false."""
        return self.control("payouts/fail", payout=payout, code=code, spoils=spoils)

    def set_rates(self, **rates: str) -> Json:
        """Set exchange rates: usd_eur="0.9"."""
        return self.control("rates", **{pair.replace("_", ":"): rate for pair, rate in rates.items()})

    # — the hosted page, as plain forms —

    def submit_card(self, page: str, card: str = "4242424242424242", **changes: str) -> httpx.Response:
        """Fill in the hosted page at this address and press Pay; redirects are not followed."""
        return _http().post(page, data={**CARD_FORM, "card_number": card, **changes}, timeout=30)

    def answer_bank(self, page: str, outcome: Literal["complete", "fail"]) -> httpx.Response:
        return _http().post(f"{page}/authenticate", data={"outcome": outcome}, timeout=30)


CARD_FORM = {
    "email": "fan@digis.test",
    "card_expiry": "12 / 34",
    "card_cvc": "123",
    "card_name": "Fan Fannes",
    "country": "US",
}


class SandboxRefusedError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


def connect(url: str) -> StripeSandbox:
    """Control a stand-in that somebody else started; it cannot be stopped from here."""
    return StripeSandbox(url, process=None, arguments=())  # type: ignore[arg-type]


def client_for(url: str, key: str = TEST_KEY, *, retries: int = 0) -> stripe.StripeClient:
    return stripe.StripeClient(key, base_addresses={"api": url}, max_network_retries=retries)


def start(
    state: Path,
    *,
    webhook_url: str = "",
    secret: str = WEBHOOK_SECRET,
    connect_url: str = "",
    connect_secret: str = CONNECT_SECRET,
    port: int = 0,
    arguments: Sequence[str] = (),
) -> StripeSandbox:
    """Start a stand-in on a free loopback port and wait until it answers."""
    given = ["--state", str(state), *arguments]
    if webhook_url:
        given += ["--webhook-url", webhook_url, "--webhook-secret", secret]
    if connect_url:
        given += ["--connect-webhook-url", connect_url, "--connect-webhook-secret", connect_secret]
    process, url = _launch([*given, "--port", str(port)])
    return StripeSandbox(url, process, given)


@contextmanager
def running(state: Path, **options: Any) -> Iterator[StripeSandbox]:
    sandbox = start(state, **options)
    try:
        yield sandbox
    finally:
        if sandbox.process.poll() is None:
            sandbox.stop()


def _launch(arguments: Sequence[str]) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "digis.sandbox.stripe", *arguments]
    root = Path(__file__).parent.parent
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STRIPE_")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, env=environment)
    limit = time.monotonic() + START_TIMEOUT
    assert process.stdout is not None
    while time.monotonic() < limit:
        line = process.stdout.readline()
        if READY in line:
            return process, line.strip().rpartition(READY)[2]
        if not line and process.poll() is not None:
            break
    process.kill()
    raise RuntimeError(f"The stand-in did not start (exit {process.wait()}).")
