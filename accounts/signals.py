"""News about people for the apps above. Sent inside the transaction: receivers write rows and outbox entries only."""

from django.dispatch import Signal

person_joined = Signal()  # person, referral_code: a new account, and the word of the link it came by, if any
person_verified = Signal()  # person: the first proof of the e-mail address; spending opens
people_blocked = Signal()  # blocker, blocked
creator_approved = Signal()  # creator: the person, profile already approved
person_suspended = Signal()  # person
person_signed_out = Signal()  # person, session_key: one session, or "" for all of them
address_proven = Signal()  # person: a mail to their address was just answered, whether or not for the first time
session_renewed = Signal()  # person, old_key, new_key: the same browser goes on under another session key
person_followed = Signal()  # follower, followed: for the first time, or again after an end
letter_written = Signal()  # person, letter, facts: mail about an account is on its way; the inbox says the same
