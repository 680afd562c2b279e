"""Which worker runs which tests: those of one xdist_group run on one worker, all others wherever there is time.

As `--dist loadgroup` promises; with pytest 9.2 its plugin (3.8) tells no group, since test ids cannot be changed any more.
A group is read from the module's own `pytestmark`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

GROUP = re.compile(r'^pytestmark = .*xdist_group\("(\w+)"\)', re.MULTILINE)
ROOT = Path(__file__).resolve().parents[1]


@cache
def group_of(path: str) -> str:
    """Return the group that a test module belongs to, or an empty string."""
    file = ROOT / path
    found = GROUP.search(file.read_text(encoding="utf-8")) if file.is_file() else None
    return found[1] if found else ""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give groups to workers whole."""
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid.partition("::")[0]) or nodeid

    return ByGroup(config, log)
