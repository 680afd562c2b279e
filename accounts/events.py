"""What accounts tell open pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from typing_extensions import override

from accounts.selectors import presence_in_full
from digis.core import registry
from digis.core.realtime import Event


@dataclass(frozen=True)
class PresenceChanged(Event):
    """To whoever has a person before them and hides nothing themself: that person came, left, or is in a call."""

    name: ClassVar[str] = "presence.changed"
    template: ClassVar[str] = "accounts/parts/presence.html"
    coalesces: ClassVar[bool] = True
    person_id: UUID

    @override
    def context(self) -> dict[str, Any]:
        found = ((part.template, part.find(self.person_id)) for part in registry.presence_parts.values())
        return {"parts": [(template, thing) for template, thing in found if thing is not None]}

    @override
    def data(self) -> dict[str, Any]:
        return {"person": str(self.person_id), **presence_in_full(self.person_id).data()}


@dataclass(frozen=True)
class SwitchesChanged(Event):
    """To a person's own tabs: what they may see of others has changed, so look again."""

    name: ClassVar[str] = "presence.switched"
