"""Staff pages about the system, and the repair of other packages' pages."""

from moderation.admin.packages import tidy_packages
from moderation.admin.system import AuditEntryAdmin, OutboxEntryAdmin

tidy_packages()

__all__ = ["AuditEntryAdmin", "OutboxEntryAdmin", "tidy_packages"]
