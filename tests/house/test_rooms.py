"""House rules on Python, each failing with what to do instead."""

from __future__ import annotations

import ast
import re

import pytest
from django.apps import apps
from django.db.models import ForeignKey, ManyToManyField, OneToOneField

from tests.house.tree import APPS, LAYERS, calls_in, dotted, sources, tracked, written_tests

EDGES = {"views", "api", "forms", "consumers", "tasks"}
MOST_LINES = 400


def test_edge_rooms_never_query_tables():
    found = [
        f"{s.name}:{node.lineno}"
        for s in sources()
        if s.room in EDGES
        for node in ast.walk(s.tree)
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager"}
    ]
    assert not found, f"Edge rooms parse, call one service or selector, and render. Move these reads: {found}"


def test_no_room_is_longer_than_four_hundred_lines():
    found = {s.name: n for s in sources() if not s.is_migration and (n := s.text.count("\n")) > MOST_LINES}
    assert not found, f"Split these by noun into a package of the same name: {found}"


def public_services() -> list[tuple[str, ast.FunctionDef]]:
    """What an app's services offer: functions of services.py, or what the package's __all__ names."""
    found = []
    for app in APPS:
        rooms = [s for s in sources() if s.name.startswith(f"{app}/services")]
        offered = {
            name.value
            for s in rooms
            for node in s.tree.body
            if isinstance(node, ast.Assign)
            and dotted(node.targets[0]) == "__all__"
            and isinstance(node.value, ast.List)
            for name in node.value.elts
            if isinstance(name, ast.Constant)
        }
        for s in rooms:
            for node in s.tree.body:
                is_public = isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
                if is_public and (node.name in offered or s.name == f"{app}/services.py"):
                    found.append((s.name, node))
    return found


def test_public_services_are_keyword_only_and_say_what_they_guarantee():
    offered = public_services()
    found = []
    for name, node in offered:
        if node.args.args or node.args.posonlyargs:
            found.append(f"{name}:{node.lineno} {node.name} takes positional arguments")
        if not ast.get_docstring(node):
            found.append(f"{name}:{node.lineno} {node.name} has no docstring")
    assert len(offered) > 40, "the services were not found"
    assert not found, f"Services are called by name and document their guarantee: {found}"


def test_services_know_no_http():
    found = []
    for s in sources():
        if s.room not in {"services", "selectors", "models", "events", "errors"}:
            continue
        for node in ast.walk(s.tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("django.http", "django.shortcuts")):
                found.append(f"{s.name}:{node.lineno}")
    assert not found, f"Only edge rooms and digis.core.http know HTTP: {found}"


def test_foreign_keys_point_sideways_or_down():
    order = {name: place for place, name in enumerate(LAYERS)}
    found = []
    for model in apps.get_models():
        here = order.get(model._meta.app_label)
        if here is None:
            continue
        for field in model._meta.get_fields():
            if isinstance(field, (ForeignKey, OneToOneField, ManyToManyField)) and field.model is model:
                there = order.get(field.related_model._meta.app_label)
                if there is not None and there > here:
                    found.append(f"{model._meta.label}.{field.name} → {field.related_model._meta.label}")
    assert not found, f"A lower app may not hold a key to an upper one; use a registry or a signal: {found}"


def test_only_the_core_sends_to_groups_and_queues():
    found = []
    for s in sources():
        if s.name.startswith("digis/core/"):
            continue
        for call in calls_in(s.tree):
            name = dotted(call.func)
            if name.split(".")[-1] in {"group_send", "delay", "apply_async", "send_task"}:
                found.append(f"{s.name}:{call.lineno} {name}")
    assert not found, f"Use publish_on_commit for sockets and outbox.enqueue for jobs: {found}"


def test_there_is_one_clock():
    banned = {"timezone.now", "datetime.now", "datetime.utcnow", "date.today", "datetime.datetime.now", "time.time"}
    allowed = ("digis/core/clock.py", "digis/sandbox/", "digis/stack/")
    found = []
    for s in sources():
        if s.name.startswith(allowed) or s.is_migration:
            continue
        for call in calls_in(s.tree):
            if dotted(call.func) in banned:
                found.append(f"{s.name}:{call.lineno}")
        for node in ast.walk(s.tree):
            if isinstance(node, ast.keyword) and node.arg in {"auto_now", "auto_now_add"}:
                found.append(f"{s.name}:{node.value.lineno} {node.arg}")
    assert not found, f"Read digis.core.clock.now(), so that tests can move every process together: {found}"


def test_sql_asks_no_clock_of_its_own():
    found = []
    for path in tracked():
        if path.endswith(".sql"):
            text = (sources()[0].path.parents[1] / path).read_text(encoding="utf-8").lower()
            if re.search(r"\b(now\(\)|current_timestamp|clock_timestamp\(\)|statement_timestamp\(\))", text):
                found.append(path)
    assert not found, f"SQL is handed the moment as a parameter: {found}"


def test_money_is_counted_in_whole_numbers():
    found = []
    for s in sources():
        if not s.name.startswith(("economy/", "calls/", "digis/core/money")) or s.is_migration:
            continue
        for node in ast.walk(s.tree):
            if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] in {
                "Decimal",
                "DecimalField",
                "FloatField",
            }:
                found.append(f"{s.name}:{node.lineno}")
            if s.name.startswith("economy/") and isinstance(node, ast.Call) and dotted(node.func) == "float":
                found.append(f"{s.name}:{node.lineno}")
    assert not found, f"Tokens and money are integers (LEDGER-1): {found}"


def test_html_is_marked_safe_in_one_place():
    found = [
        f"{s.name}:{call.lineno}"
        for s in sources()
        if not s.name.startswith("digis/core/templatetags/")
        for call in calls_in(s.tree)
        if dotted(call.func).split(".")[-1] in {"mark_safe", "SafeString"}
    ]
    assert not found, f"Build HTML in templates or with format_html: {found}"


def test_cross_site_protection_is_lifted_only_for_signed_webhooks():
    found = [
        s.name
        for s in sources()
        if re.search(r"@csrf_exempt|csrf_exempt\(", s.text)
        and "webhook" not in s.text
        # the API has tokens of its own; a mail program's one press (RFC 8058) comes from no page, with a signed token
        and s.name not in {"digis/api.py", "notifications/views/unsubscribing.py"}
    ]
    assert not found, f"csrf_exempt is for signed webhooks only: {found}"


def test_migrations_are_named_by_hand():
    found = [s.name for s in sources() if s.is_migration and re.search(r"_auto_|_merge_", s.path.name)]
    assert not found, f"Name migrations for what they do: {found}"


def test_apps_have_only_rooms_of_the_house():
    rooms = {
        "__init__",
        "models",
        "selectors",
        "services",
        "errors",
        "events",
        "forms",
        "api",
        "views",
        "consumers",
        "tasks",
        "admin",
        "apps",
        "urls",
        "migrations",
        "management",
        "signals",
        "receivers",
        "handlers",
        "sql",
        "templatetags",
        "kinds",
    }
    named = {  # rooms of one app's own, each with its reason
        "accounts": {
            "adapter": "allauth's hook",
            "permissions": "gates every app shares",
            "handles": "folding of names",
            "flows": "from a proven person to a session, through allauth",
            "stages": "allauth's step for the second factor",
            "middleware": "when a session was last used",
            "devices": "what a browser says it is",
            "choices": "languages and time zones to choose from",
        },
        "notifications": {
            "days": "days on a person's own calendar",
            "hours": "quiet hours and digests, as pure arithmetic",
            "letters": "one way out: mail",
            "push": "another: browsers that asked to be woken",
            "bounces": "mail that came back",
            "unsubscribe": "signed links that end a kind of mail",
        },
        "economy": {
            "checks": "words in the settings that decide about money",
            "documents": "statements and invoices as PDF and CSV",
            "gateway": "the one door to Stripe",
            "invariants": "what must always hold",
            "sources": "names and links of what tokens were spent on",
            "taxing": "who says what tax an amount carries, and its arithmetic",
        },
        "calls": {
            "meter": "pure arithmetic of a bill",
            "media": "who carries sound and picture",
            "contexts": "what every page shows of a call",
        },
        "moderation": {"site": "the admin site", "roles": "what staff roles may do"},
        "discovery": {
            "demo": "pictures and people of the demo",
            "nav": "the main navigation",
            "chart": "charts drawn as SVG",
            "gallery": "samples for the component gallery",
        },
    }
    found = sorted(
        {s.name for s in sources() if s.room and s.room not in rooms and s.room not in named[s.name.split("/")[0]]}
    )
    assert not found, f"Put this into a room every app has, or name the room and its reason here: {found}"


def test_every_test_asserts_something():
    found = []
    for s in written_tests():
        for node in ast.walk(s.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_"):
                asserts = any(
                    isinstance(n, ast.Assert)
                    or (
                        isinstance(n, ast.Call)
                        and re.match(r"(assert|raises|expect|refuse|must|check|verify)", dotted(n.func).split(".")[-1])
                    )
                    for n in ast.walk(node)
                )
                if not asserts:
                    found.append(f"{s.name}:{node.lineno} {node.name}")
    assert not found, f"A test that cannot fail is a defect: {found}"


def test_nothing_is_left_open_or_silenced_bare():
    pattern = re.compile(
        r"\b(TODO|FIXME|XXX|HACK)\b|[Cc]oming soon|NotImplementedError|# ?type: ?ignore(?!\[)|# ?noqa(?!:)"
    )
    found = [
        f"{s.name}:{number}"
        for s in sources()
        for number, line in enumerate(s.text.split("\n"), 1)
        if pattern.search(line)
    ]
    assert not found, f"Finish it, or silence one named rule with a reason: {found}"


RULES = [
    *(f"ACC-{n}" for n in range(1, 7)),
    "DISC-1",
    "DISC-2",
    *(f"LEDGER-{n}" for n in range(1, 8)),
    "LEDGER-11",
    *(f"CALL-{n}" for n in range(1, 8)),
    *(f"A11Y-{n}" for n in (1, 2, 4, 5)),  # A11Y-3 is about chat
    "MOD-1",
    *(f"NOT-{n}" for n in range(1, 10)),
]


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_has_a_test_that_names_it(rule: str):
    text = "\n".join(s.text for s in written_tests() if not s.name.startswith("tests/house/"))
    assert re.search(rf"\b{rule}\b", text), f"No test names {rule}: add one named for its behavior."
