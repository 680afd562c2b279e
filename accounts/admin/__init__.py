"""What staff see of people. Nothing is edited here: acts call services, with a reason."""

from accounts.admin.appeals import AppealAdmin
from accounts.admin.creators import ApplicationAdmin, CategoryAdmin, CreatorProfileAdmin
from accounts.admin.people import HandleHistoryAdmin, PersonAdmin

__all__ = [
    "AppealAdmin",
    "ApplicationAdmin",
    "CategoryAdmin",
    "CreatorProfileAdmin",
    "HandleHistoryAdmin",
    "PersonAdmin",
]
