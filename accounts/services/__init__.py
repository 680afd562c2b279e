"""Every act on people and their accounts: one function an act, each in its own transaction."""

from accounts.services.codes import (
    Proof,
    confirm_step_up_code,
    confirm_verify_code,
    peek_link,
    prune_codes,
    redeem_reset_link,
    redeem_sign_in_code,
    redeem_sign_in_link,
    send_reset_link,
    send_sign_in_code,
    send_step_up_code,
    send_verify_code,
)
from accounts.services.creators import (
    approve_application,
    make_creator,
    refuse_application,
    save_application,
    start_application,
    submit_application,
)
from accounts.services.credentials import change_password, check_password
from accounts.services.emails import confirm_email_change, peek_email_undo, start_email_change, undo_email_change
from accounts.services.exports import export_personal_data
from accounts.services.people import (
    make_person,
    rename_handle,
    save_privacy,
    save_profile,
    sign_up,
)
from accounts.services.presence import announce_presence, note_presence, settle_presence
from accounts.services.relations import block, follow, unblock, unfollow
from accounts.services.second_factor import (
    check_second_factor,
    enroll_totp,
    renew_recovery_codes,
    start_totp,
    turn_off_totp,
    turn_on_totp,
)
from accounts.services.sessions import (
    end_all_sessions,
    end_other_sessions,
    end_session,
    note_session_renewed,
    note_sign_in,
    prune_sessions,
)
from accounts.services.suspensions import answer_appeal, send_appeal, suspend, unsuspend

__all__ = [
    "Proof",
    "announce_presence",
    "answer_appeal",
    "approve_application",
    "block",
    "change_password",
    "check_password",
    "check_second_factor",
    "confirm_email_change",
    "confirm_step_up_code",
    "confirm_verify_code",
    "end_all_sessions",
    "end_other_sessions",
    "end_session",
    "enroll_totp",
    "export_personal_data",
    "follow",
    "make_creator",
    "make_person",
    "note_presence",
    "note_session_renewed",
    "note_sign_in",
    "peek_email_undo",
    "peek_link",
    "prune_codes",
    "prune_sessions",
    "redeem_reset_link",
    "redeem_sign_in_code",
    "redeem_sign_in_link",
    "refuse_application",
    "rename_handle",
    "renew_recovery_codes",
    "save_application",
    "save_privacy",
    "save_profile",
    "send_appeal",
    "send_reset_link",
    "send_sign_in_code",
    "send_step_up_code",
    "send_verify_code",
    "settle_presence",
    "sign_up",
    "start_application",
    "start_email_change",
    "start_totp",
    "submit_application",
    "suspend",
    "turn_off_totp",
    "turn_on_totp",
    "unblock",
    "undo_email_change",
    "unfollow",
    "unsuspend",
]
