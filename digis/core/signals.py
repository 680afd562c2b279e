"""News from the core for the apps above. Sent inside the transaction: receivers write rows and outbox entries only."""

from django.dispatch import Signal

address_refused = Signal()  # address, detail: the mail route says that there is no such mailbox
