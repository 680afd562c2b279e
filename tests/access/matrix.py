"""Who gets which status from which route. A route without a row fails, and so does a row without a route.

A cell is a status, or several that are all right. `"*"` is everybody not named. 302 means: sign in first. Rows name what
their arguments are by a function of the world; POST rows send `data`, by default nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from digis.core import clock
from tests.access import people as p
from tests.access.people import ADMIN, ANON, CREATOR, FAN, STAFF, UNVERIFIED, World

Cells = dict[str, int | tuple[int, ...]]
NOBODY = UUID("01900000-0000-7000-8000-000000000000")

EVERYBODY: Cells = {"*": 200}
NOT_ALLOWED: Cells = {"*": 405}
POST_ONLY: Cells = {ANON: (302, 405), "*": 405}
GET_ONLY: Cells = {ANON: (302, 405), "*": 405}
MEMBERS: Cells = {ANON: 302, "*": 200}
PARTIES: Cells = {ANON: 302, FAN: 200, CREATOR: 200, "*": 404}
WALLETS: Cells = {ANON: 302, STAFF: 403, ADMIN: 403, "*": 200}
HIDDEN: Cells = {"*": 404}


@dataclass(frozen=True)
class Row:
    """One route: what GET and POST answer to each kind of person."""

    get: Cells
    post: Cells
    args: Callable[[World], dict[str, Any]] = lambda _: {}
    data: dict[str, Any] = field(default_factory=dict)
    query: str = ""


def page(get: Cells = EVERYBODY, post: Cells | None = None, **more: Any) -> Row:
    """A page that is only read."""
    return Row(get=get, post=post or {ANON: (302, 405), "*": 405}, **more)


def person(world: World) -> dict[str, Any]:
    return {"person_id": world.things["person"].pk}


def handle(world: World) -> dict[str, Any]:
    return {"handle": world.things["handle"]}


def this_month(_: World) -> dict[str, Any]:
    return {"month": f"{clock.now():%Y-%m}"}


def ring(world: World) -> dict[str, Any]:
    return {"invitation_id": p.ring(world).pk}


def running(world: World) -> dict[str, Any]:
    return {"call_id": p.running_call(world).pk}


def ended(world: World) -> dict[str, Any]:
    return {"call_id": p.ended_call(world).pk}


def gone(_: World) -> dict[str, Any]:
    return {"link_id": NOBODY, "secret": "no-such-secret-at-all"}


def form(get: Cells = MEMBERS, post: Cells | None = None, **more: Any) -> Row:
    """A page with a form; sent empty it comes back with what is missing."""
    return Row(get=get, post=post or {ANON: 302, "*": 422}, **more)


def act(post: Cells, get: Cells | None = None, **more: Any) -> Row:
    """Something that is only sent."""
    return Row(get=get or {ANON: (302, 405), "*": 405}, post=post, **more)


SIGNED_OUT: Cells = {ANON: 200, "*": 303}  # who is signed in is sent on
STEP_UP: Cells = {ANON: 302, "*": 303}  # confirm first that it is you (ACC-3)
STUDIO: Cells = {ANON: 302, CREATOR: 200, "*": 403}
RING: Cells = {ANON: 302, FAN: 200, CREATOR: 200, "*": 404}
API_READ: Cells = {ANON: 401, "*": 200}
API_POST: Cells = {ANON: 401, "*": 405}
JSON_ONLY: Cells = {ANON: 401, "*": 415}
API_HIDDEN: Cells = {ANON: 401, "*": 404}


def invite_id(_: World) -> dict[str, Any]:
    return {"invite_id": NOBODY}


def session_id(_: World) -> dict[str, Any]:
    return {"session_id": NOBODY}


MATRIX: dict[str, Row] = {
    # what stands below the apps
    "core:healthz": page(),
    "core:readyz": page({"*": (200, 503)}),
    "core:metrics": page(),
    "core:media": page(HIDDEN, args=lambda _: {"path": "avatars/none.webp"}),
    "core:mailbox": page(),
    "core:mailbox_mail": page(HIDDEN, args=lambda _: {"mail_id": NOBODY}),
    "core:mailbox_html": page(HIDDEN, args=lambda _: {"mail_id": NOBODY}),
    "djstripe:djstripe_webhook_by_uuid": Row({"*": (400, 405)}, {"*": 400}, args=lambda _: {"uuid": NOBODY}),
    "api:schema": page(),
    "api:docs": page(),
    "api:nothing": Row(HIDDEN, HIDDEN),
    # the ways in and out
    "accounts:sign_in": form(SIGNED_OUT, {ANON: 422, "*": 303}),
    "accounts:sign_in_code": form(SIGNED_OUT, {ANON: 422, "*": 303}),
    "accounts:sign_in_confirm": form({"*": 303}, {"*": 303}),
    "accounts:sign_in_link": form({"*": 410}, {"*": 410}, args=gone),
    "accounts:sign_up": form(SIGNED_OUT, {ANON: 422, "*": 303}),
    "accounts:sign_out": act({"*": 303}, {"*": 405}),
    "accounts:two_factor": form({"*": 303}, {"*": 303}),
    "accounts:recover": form(EVERYBODY, {"*": 422}),
    "accounts:recover_set": form({"*": 410}, {"*": 410}, args=gone),
    "accounts:reauthenticate": form(MEMBERS),
    "accounts:verify": form({ANON: 302, UNVERIFIED: 200, "*": 303}, {ANON: 302, UNVERIFIED: 422, "*": 303}),
    "accounts:welcome": page(MEMBERS),
    # settings of an account
    "accounts:settings": page({ANON: 302, "*": 303}),
    "accounts:settings_profile": form(),
    "accounts:settings_account": page(MEMBERS),
    "accounts:settings_handle": act({ANON: 302, "*": 422}),
    "accounts:settings_email": form(STEP_UP, STEP_UP),
    "accounts:undo_email": form(
        {"*": 410}, {"*": 410}, args=lambda _: {"change_id": NOBODY, "secret": "no-such-secret-at-all"}
    ),
    "accounts:settings_security": page(MEMBERS),
    "accounts:settings_password": act(STEP_UP),
    "accounts:settings_totp": form(STEP_UP, STEP_UP),
    "accounts:settings_totp_off": form(STEP_UP, STEP_UP),
    "accounts:settings_recovery_codes": form(STEP_UP, STEP_UP),
    "accounts:settings_sessions": form(post={ANON: 302, "*": 303}),
    "accounts:settings_privacy": form(post={ANON: 302, "*": 303}),
    "accounts:settings_blocks": form(),
    "accounts:settings_appearance": form(),
    "accounts:settings_export": form(STEP_UP, STEP_UP),
    "accounts:suspended": form({ANON: 302, "*": 303}, {ANON: 302, "*": 303}),
    "accounts:legal": page(),
    "accounts:terms": page(),
    "accounts:privacy": page(),
    "accounts:theme": act({"*": 303}, {"*": 405}),
    # following, blocking, becoming a creator
    "accounts:follow": act({ANON: 303, CREATOR: 403, "*": 303}, {"*": 405}, args=person, data={"on": "1"}),
    "accounts:block": act({ANON: 302, CREATOR: 403, "*": 303}, args=person, data={"on": "1"}),
    "accounts:become_creator": form(post={ANON: 302, "*": (200, 303, 403, 422)}),
    # tokens
    "economy:wallet": page(WALLETS),
    "economy:buy": form(WALLETS, {ANON: 302, UNVERIFIED: (303, 403, 422), STAFF: 403, ADMIN: 403, "*": 422}),
    "economy:tax_place": form(WALLETS, {ANON: 302, STAFF: 403, ADMIN: 403, "*": 422}),
    "economy:purchase": page(
        {ANON: 302, STAFF: (403, 404), ADMIN: (403, 404), "*": 404}, args=lambda _: {"purchase_id": NOBODY}
    ),
    "economy:return_purchase": form(
        {ANON: 302, STAFF: (403, 404), ADMIN: (403, 404), "*": 404},
        {ANON: 302, STAFF: (403, 404), ADMIN: (403, 404), "*": 404},
        args=lambda _: {"purchase_id": NOBODY},
    ),
    "economy:history": page(WALLETS),
    "economy:history_csv": page(WALLETS),
    "economy:statements": page(WALLETS),
    "economy:statement": page(WALLETS, args=this_month),
    "economy:statement_pdf": page(WALLETS, args=this_month),
    "economy:statement_csv": page(WALLETS, args=this_month),
    "economy:invoice": page(
        {ANON: 302, STAFF: (403, 404), ADMIN: (403, 404), "*": 404}, args=lambda _: {"invoice_id": NOBODY}
    ),
    "economy:receipt": page(
        {ANON: 302, STAFF: (403, 404), ADMIN: (403, 404), "*": 404}, args=lambda _: {"transaction_id": NOBODY}
    ),
    "economy:give": form(WALLETS, {ANON: 302, STAFF: 403, ADMIN: 403, "*": 422}),
    "economy:redeem": form(WALLETS, {ANON: 302, STAFF: 403, ADMIN: 403, "*": 422}),
    "economy:limits": form(WALLETS, {ANON: 302, STAFF: 403, ADMIN: 403, "*": 422}),
    "economy:top_up": form(WALLETS, {ANON: 302, STAFF: 403, ADMIN: 403, "*": 422}),
    "economy:top_up_off": act({ANON: 302, STAFF: 403, ADMIN: 403, "*": 303}),
    "economy:card": act({ANON: 302, UNVERIFIED: (303, 403), STAFF: 403, ADMIN: 403, "*": 303}),
    "economy:card_kept": page({ANON: 302, STAFF: 403, ADMIN: 403, "*": 303}),
    "economy:card_remove": act({ANON: 302, STAFF: 403, ADMIN: 403, "*": 303}),
    "economy:invite": page(WALLETS),
    "economy:tip": form({**WALLETS, CREATOR: 422}, {ANON: 302, STAFF: 403, ADMIN: 403, "*": 422}, args=handle),
    "economy:tips": page(STUDIO),
    "economy:studio_statements": page(STUDIO),
    "economy:studio_statement": page(STUDIO, args=this_month),
    "economy:studio_statement_pdf": page(STUDIO, args=this_month),
    "economy:studio_statement_csv": page(STUDIO, args=this_month),
    "economy:studio_invoice": page(
        {ANON: 302, STAFF: (403, 404), ADMIN: (403, 404), "*": 404}, args=lambda _: {"invoice_id": NOBODY}
    ),
    "economy:give_back": form(
        {ANON: 302, CREATOR: 404, "*": 403}, {ANON: 302, CREATOR: 404, "*": 403}, args=lambda _: {"sale_id": NOBODY}
    ),
    "economy:disputes": page(STUDIO),
    "economy:earnings": page(STUDIO),
    "economy:payouts": form(STUDIO, {ANON: 302, CREATOR: 422, "*": 403}),
    "economy:payout": form(
        {ANON: 302, CREATOR: 404, "*": 403}, {ANON: 302, CREATOR: 404, "*": 403}, args=lambda _: {"payout_id": NOBODY}
    ),
    "economy:payout_setup": form(STEP_UP, STEP_UP),
    "economy:tax": form(STEP_UP, STEP_UP),
    # tokens, for programs
    "api:tokens_balance": Row({ANON: 401, STAFF: 403, ADMIN: 403, "*": 200}, API_POST),
    "api:tokens_packs": Row(EVERYBODY, {"*": (401, 405)}),
    "api:tokens_purchase": Row(API_POST, {ANON: 401, "*": (403, 415)}),
    "api:tokens_purchase_get": Row({ANON: 401, "*": (403, 404)}, API_POST, args=lambda _: {"purchase_id": NOBODY}),
    "api:tokens_tip": Row(API_POST, {ANON: 401, "*": (403, 415)}),
    "api:tokens_transfer": Row(API_POST, {ANON: 401, "*": (403, 415)}),
    "api:payouts": Row({ANON: 401, CREATOR: 200, "*": 403}, {ANON: 401, CREATOR: (400, 415), "*": (403, 415)}),
    "api:tokens_transactions": Row({ANON: 401, STAFF: 403, ADMIN: 403, "*": 200}, API_POST),
    # calls
    "calls:history": page(MEMBERS),
    "calls:invite": act({ANON: 302, "*": (404, 422)}),
    "calls:prepare": page({ANON: 302, CREATOR: (303, 200), "*": 200}, args=handle),
    "calls:ring": page(RING, args=ring),
    "calls:accept": act({ANON: 302, CREATOR: 303, "*": 404}, args=ring),
    "calls:decline": act({ANON: 302, CREATOR: 303, "*": 404}, args=ring),
    "calls:cancel": act({ANON: 302, FAN: 303, "*": 404}, args=ring),
    "calls:room": page(PARTIES, args=running),
    "calls:meter": page(PARTIES, args=running),
    "calls:beat": act(PARTIES, args=running),
    "calls:leave": act({ANON: 302, FAN: 204, CREATOR: 204, "*": 404}, args=running),
    "calls:end": act({ANON: 302, FAN: 303, CREATOR: 303, "*": 404}, args=running),
    "calls:voice": act({ANON: 302, FAN: 303, CREATOR: 303, "*": 404}, args=running),
    "calls:video": act({ANON: 302, FAN: 303, CREATOR: 303, "*": 404}, args=running),
    "calls:summary": page(PARTIES, args=ended),
    "calls:studio_calls": page(STUDIO),
    "calls:studio_rates": form(STUDIO, {ANON: 302, CREATOR: (303, 422), "*": 403}),
    "calls:availability": act({ANON: 302, CREATOR: 422, "*": (403, 422)}),
    # calls, for programs
    "api:calls": Row(API_READ, API_POST),
    "api:calls-invite": Row(API_POST, JSON_ONLY),
    "api:calls-accept": Row(API_POST, API_HIDDEN, args=invite_id),
    "api:calls-decline": Row(API_POST, API_HIDDEN, args=invite_id),
    "api:calls-cancel": Row(API_POST, API_HIDDEN, args=invite_id),
    "api:calls-start": Row(API_POST, JSON_ONLY),
    "api:calls-end": Row(API_POST, API_HIDDEN, args=session_id),
    "api:calls-detail": Row(API_HIDDEN, API_POST, args=session_id),
    # the socket, for programs
    "api:realtime_token": Row(API_POST, {ANON: 401, "*": 200}),
    # what mixes apps
    "discovery:home": page(),
    "discovery:explore": page(),
    "discovery:category": page(HIDDEN, args=lambda _: {"category": "no-such-category"}),
    "discovery:search": page(),
    "discovery:help": page(),
    "discovery:studio": page({ANON: 302, CREATOR: 200, "*": 303}),
    "discovery:components": page(),
    "discovery:creator": page(args=handle),
    "discovery:creator_tab": page(args=lambda w: {**handle(w), "tab": "about"}),
    # the inbox, and what one hears
    "notifications:list": page(MEMBERS),
    "notifications:read": act({ANON: 302, "*": 303}, data={"all": "1"}),
    "notifications:open": page({ANON: 302, "*": 404}, args=lambda _: {"notification_id": NOBODY}),
    "notifications:settings": form(),
    "notifications:bell": act({ANON: 302, "*": (303, 403)}, args=person, data={"level": "all"}),
    "api:notifications": Row(API_READ, API_POST),
    "api:notifications-read": Row(API_POST, JSON_ONLY),
    # the ways out of mail, push, and the worker
    "notifications:unsubscribe": Row(HIDDEN, HIDDEN, args=lambda _: {"token": "no-such-token"}),
    "notifications:mail_events": Row({"*": 405}, HIDDEN, args=lambda _: {"provider": "nobody"}),
    "notifications:address": form({ANON: 302, "*": 303}, {ANON: 302, "*": 303}),
    "notifications:push_subscription": act({ANON: 302, "*": 422}),
    "notifications:service_worker": page(),
    "notifications:offline": page(),
}
