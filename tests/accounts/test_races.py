"""Two at once: what may happen once happens once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from accounts import services
from accounts.models import Block, CreatorProfile, Follow, User
from digis.core.errors import DomainError
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """Run an act in so many threads that start together; a refusal is an outcome too."""
    gate = Barrier(count)

    def one(number: int) -> Any:
        gate.wait(10)
        try:
            return act(number)
        except DomainError as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_a_code_sent_eight_times_at_once_signs_in_once():
    """ACC-2: single use."""
    ana = make.make_person("ana")
    services.send_sign_in_code(email=ana.email)
    code = make.code_in(make.mail_to(ana)[-1])
    outcomes = at_once(8, lambda _: services.redeem_sign_in_code(email=ana.email, code=code))
    assert sorted(map(str, outcomes)).count("WRONG_CODE") == 7


def test_wrong_codes_at_once_still_count_to_five():
    """ACC-2."""
    ana = make.make_person("ana")
    services.send_sign_in_code(email=ana.email)
    code = make.code_in(make.mail_to(ana)[-1])
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    at_once(8, lambda _: services.redeem_sign_in_code(email=ana.email, code=wrong))
    with pytest.raises(DomainError):
        services.redeem_sign_in_code(email=ana.email, code=code)


def test_eight_mails_asked_at_once_are_five():
    """ACC-2."""
    ana = make.make_person("ana")
    outcomes = at_once(8, lambda _: services.send_sign_in_code(email=ana.email))
    assert outcomes.count("RATE_LIMIT_EXCEEDED") == 3
    assert len(make.mail_to(ana)) == 5


def test_a_handle_wanted_by_eight_at_once_goes_to_one():
    """ACC-4."""
    looks = ["scope", "SCOPE", "ѕсоре", "sc0pe", "scópe", "scope", "Scope", "ｓｃｏｐｅ"]
    outcomes = at_once(
        8,
        lambda n: services.sign_up(
            email=f"p{n}@example.com", handle=looks[n], display_name="S", birth_date=date(1990, 1, 1)
        ),
    )
    assert outcomes.count("CONFLICT") == 7
    assert User.objects.count() == 1


def test_a_follow_and_a_block_at_the_same_moment_leave_no_follow():
    """MOD-1."""
    for number in range(5):
        fan, creator = make.make_person(f"fan{number}x"), make.make_creator(f"maker{number}x")
        at_once(
            2,
            lambda n, fan=fan, creator=creator: (
                services.follow(follower=fan, followed=creator) if n else services.block(blocker=creator, blocked=fan)
            ),
        )
        assert Block.objects.filter(blocker=creator, blocked=fan).exists()
        assert not Follow.objects.filter(follower=fan, followed=creator).exists()
        assert CreatorProfile.objects.get(user=creator).follower_count == 0


def test_following_eight_times_at_once_counts_once():
    fan, creator = make.make_person("fan"), make.make_creator("maker")
    at_once(8, lambda _: services.follow(follower=fan, followed=creator))
    assert CreatorProfile.objects.get(user=creator).follower_count == 1
