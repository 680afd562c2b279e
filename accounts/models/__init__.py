"""People, the creators among them, and how they stand to each other."""

from accounts.models.appeals import Appeal
from accounts.models.codes import Device, EmailChange, EmailCode
from accounts.models.creators import Category, CreatorApplication, CreatorProfile
from accounts.models.people import HandleHistory, Presence, User
from accounts.models.relations import Block, Follow

__all__ = [
    "Appeal",
    "Block",
    "Category",
    "CreatorApplication",
    "CreatorProfile",
    "Device",
    "EmailChange",
    "EmailCode",
    "Follow",
    "HandleHistory",
    "Presence",
    "User",
]
