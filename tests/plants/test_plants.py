"""Bugs planted on purpose: each battery must turn red on the bug it is there for.

A plant is a patch on product code. It is laid onto a copy of the tree, with servers of its own, and the battery that
should catch it runs there, in the night. A plant that no longer applies is a plant to be drawn anew.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT, tracked

HERE = Path(__file__).parent
SERVICES = (
    "DATABASE_URL",
    "REDIS_URL",
    "DIGIS_",
    "PORT",
    "SITE_URL",
    "STRIPE_",
    "REALTIME_CHANNEL",
    "PYTEST_",
    "DJANGO_",
)
BATTERIES = {
    "no_lock": "tests/economy/test_concurrency.py::test_sixteen_threads_spend_exactly_what_is_there",
    "no_unique_key": "tests/economy/test_concurrency.py::test_the_same_key_in_twenty_threads_pays_once",
    "early_acknowledge": "tests/core/test_outbox.py::test_a_worker_killed_in_the_middle_loses_and_doubles_nothing",
    "no_signature_check": "tests/economy/test_webhooks.py::test_what_stripe_did_not_sign_now_is_refused_and_leaves_no_row",
}

# Bugs of money that others have had.
MONEY = {
    "refunds_are_ignored": "tests/economy/test_purchases_converge.py::test_a_refund_returns_what_is_unspent",
    "a_won_dispute_takes": "tests/economy/test_disputes.py::test_a_won_dispute_restores_everything",
    "debts_are_never_paid": "tests/economy/test_purchases_converge.py::test_a_refund_of_spent_tokens_is_a_debt_that_the_next_purchase_pays",
    "the_fee_runs_on_parts": "tests/economy/test_lots_and_charges.py::test_parts_of_a_sale_pay_the_fee_of_the_whole",
    "refunds_without_an_end": "tests/economy/test_lots_and_charges.py::test_a_refund_cannot_be_larger_than_its_charge_and_repeats_once",
    "earnings_are_free_at_once": "tests/economy/test_earnings.py::test_what_was_earned_is_available_after_seven_days_and_not_before",
    "free_tokens_are_paid_out": "tests/economy/test_lots_and_charges.py::test_what_free_grants_pay_is_never_withdrawable",
    "returned_before_it_is_back": "tests/economy/test_payouts.py::test_the_first_payout_is_looked_at_by_staff_and_reaches_the_bank",
    "refunded_again_and_again": "tests/economy/test_returns.py::test_a_worker_that_dies_after_stripe_paid_does_not_pay_again",
    "tokens_leave_too_late": "tests/economy/test_returns.py::test_returned_and_spent_at_the_same_time_only_one_of_them_happens",
    "a_cap_that_caps_nothing": "tests/economy/test_top_ups.py::test_the_months_cap_holds_and_is_told_once",
    "a_card_charged_per_asking": "tests/economy/test_top_ups.py::test_a_lost_answer_charges_once",
    "numbers_are_given_twice": "tests/economy/test_statements.py::test_numbers_have_no_gap_however_many_are_given_out_at_once",
}


def lay_out(folder: Path, plant: str) -> None:
    """Copy the tree and lay the plant onto it; what is built or installed is shared."""
    for name in tracked():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    for shared in ("node_modules", "static/dist", ".pytest_cache/digis-tables"):  # tables are kept by what shapes them
        if (ROOT / shared).exists():
            (folder / shared).parent.mkdir(exist_ok=True)
            (folder / shared).symlink_to(ROOT / shared)
    subprocess.run(
        ["git", "apply", "--verbose", str(HERE / f"{plant}.patch")], cwd=folder, check=True, capture_output=True
    )


def run(folder: Path, battery: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(SERVICES)}
    command = [sys.executable, "-m", "pytest", battery, "-q", "-x", "--show-capture=no", "-p", "no:cacheprovider"]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=240)


@pytest.mark.nightly
@pytest.mark.parametrize("plant", [*BATTERIES, *MONEY])
def test_the_battery_turns_red_on_the_planted_bug(plant: str, tmp_path: Path):
    lay_out(tmp_path, plant)
    answer = run(tmp_path, {**BATTERIES, **MONEY}[plant])
    summary = answer.stdout.strip().splitlines()[-1:] or [answer.stderr[-500:]]
    assert answer.returncode == 1, f"{plant} was not caught: {summary[0]}"
    assert re.search(r"\d+ failed", summary[0]), f"{plant} broke the run instead of the test: {summary[0]}"


def test_every_plant_still_applies():
    for path in HERE.glob("*.patch"):
        answer = subprocess.run(
            ["git", "apply", "--check", str(path)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert answer.returncode == 0, f"draw {path.name} anew: {answer.stderr}"


def test_every_plant_has_a_battery():
    assert {path.stem for path in HERE.glob("*.patch")} == {*BATTERIES, *MONEY}
