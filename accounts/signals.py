"""News about people for the apps above. Sent inside the transaction: receivers write rows and outbox entries only."""

from django.dispatch import Signal

person_verified = Signal()  # person: the first proof of the e-mail address; spending opens
people_blocked = Signal()  # blocker, blocked
creator_approved = Signal()  # creator: the person, profile already approved
person_suspended = Signal()  # person
person_signed_out = Signal()  # person, session_key: one session, or "" for all of them
