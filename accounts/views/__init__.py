"""Pages about people: each parses, calls one service or selector, and renders."""

from accounts.views.account import settings_account, settings_email, settings_handle, undo_email
from accounts.views.codes import recover, recover_set, sign_in_code, sign_in_confirm, sign_in_link
from accounts.views.creators import become_creator
from accounts.views.entry import sign_in, sign_out, sign_up, verify, welcome
from accounts.views.export import settings_export
from accounts.views.factor import reauthenticate, two_factor
from accounts.views.legal import legal, privacy, terms
from accounts.views.people import block, follow
from accounts.views.preferences import settings_appearance, settings_blocks, settings_privacy, theme
from accounts.views.profile import settings_home, settings_profile
from accounts.views.security import (
    settings_password,
    settings_recovery_codes,
    settings_security,
    settings_sessions,
    settings_totp,
    settings_totp_off,
)
from accounts.views.suspended import suspended

__all__ = [
    "become_creator",
    "block",
    "follow",
    "legal",
    "privacy",
    "reauthenticate",
    "recover",
    "recover_set",
    "settings_account",
    "settings_appearance",
    "settings_blocks",
    "settings_email",
    "settings_export",
    "settings_handle",
    "settings_home",
    "settings_password",
    "settings_privacy",
    "settings_profile",
    "settings_recovery_codes",
    "settings_security",
    "settings_sessions",
    "settings_totp",
    "settings_totp_off",
    "sign_in",
    "sign_in_code",
    "sign_in_confirm",
    "sign_in_link",
    "sign_out",
    "sign_up",
    "suspended",
    "terms",
    "theme",
    "two_factor",
    "undo_email",
    "verify",
    "welcome",
]
