"""A stateful stand-in for Stripe: API, hosted Checkout, signed webhooks and a control interface.

`python -m digis.sandbox.stripe --port N --state DIR --webhook-url URL --webhook-secret whsec_…`

It speaks one API version, listens on loopback only, takes test keys only, and keeps its state in SQLite, so that a
restart forgets nothing. It imports no Django and nothing of the house, and the house imports nothing of it.
"""

API_VERSION = "2026-08-26.dahlia"
