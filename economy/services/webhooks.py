"""The rows dj-stripe needs to receive Stripe's webhooks."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from djstripe.models import APIKey, WebhookEndpoint


def ensure_stripe_webhook() -> str:
    """Write dj-stripe's rows for our key and our webhook endpoint as settings say, and return the endpoint's address.

    Asks Stripe nothing, so that it works before Stripe (or its stand-in) is up. Repeating it updates the rows: a new
    secret takes effect at once. Raises ValueError when a setting is missing.
    """
    for name in ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"):
        if not getattr(settings, name):
            raise ValueError(f"Set {name}: without it no payment can be confirmed.")
    url: str = settings.SITE_URL + reverse("djstripe:djstripe_webhook_by_uuid", args=[settings.STRIPE_WEBHOOK_UUID])
    with transaction.atomic():
        APIKey.objects.filter(livemode=settings.STRIPE_LIVE_MODE).exclude(secret=settings.STRIPE_SECRET_KEY).delete()
        APIKey.objects.get_or_create_by_api_key(settings.STRIPE_SECRET_KEY)
        WebhookEndpoint.objects.update_or_create(
            djstripe_uuid=settings.STRIPE_WEBHOOK_UUID,
            defaults={
                "id": "we_digis_platform",
                "url": url,
                "secret": settings.STRIPE_WEBHOOK_SECRET,
                "livemode": settings.STRIPE_LIVE_MODE,
                "enabled_events": ["*"],
                "status": "enabled",
                "api_version": settings.STRIPE_API_VERSION,
                "djstripe_tolerance": settings.STRIPE_WEBHOOK_TOLERANCE,
            },
        )
    return url
