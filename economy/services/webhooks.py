"""The rows dj-stripe needs to receive Stripe's webhooks."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from djstripe.models import APIKey, WebhookEndpoint


def ensure_stripe_webhook() -> list[str]:
    """Write dj-stripe's rows for our key and our webhook endpoints as settings say, and return the endpoints' addresses.

    Two endpoints: our own account's events, and those of connected accounts, which is left out while it has no secret.
    Asks Stripe nothing, so that it works before Stripe (or its stand-in) is up. Repeating it updates the rows: a new
    secret takes effect at once; while Stripe rolls one over it signs with both. Raises ValueError when a setting is missing.
    """
    for name in ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"):
        if not getattr(settings, name):
            raise ValueError(f"Set {name}: without it no payment can be confirmed.")
    with transaction.atomic():
        APIKey.objects.filter(livemode=settings.STRIPE_LIVE_MODE).exclude(secret=settings.STRIPE_SECRET_KEY).delete()
        APIKey.objects.get_or_create_by_api_key(settings.STRIPE_SECRET_KEY)
        urls = [_write_endpoint("we_digis_platform", settings.STRIPE_WEBHOOK_UUID, settings.STRIPE_WEBHOOK_SECRET)]
        if settings.STRIPE_CONNECT_WEBHOOK_SECRET:
            uuid, secret = settings.STRIPE_CONNECT_WEBHOOK_UUID, settings.STRIPE_CONNECT_WEBHOOK_SECRET
            urls.append(_write_endpoint("we_digis_connect", uuid, secret))
        else:
            WebhookEndpoint.objects.filter(djstripe_uuid=settings.STRIPE_CONNECT_WEBHOOK_UUID).delete()
    return urls


def _write_endpoint(endpoint_id: str, uuid: str, secret: str) -> str:
    url: str = settings.SITE_URL + reverse("djstripe:djstripe_webhook_by_uuid", args=[uuid])
    WebhookEndpoint.objects.update_or_create(
        djstripe_uuid=uuid,
        defaults={
            "id": endpoint_id,
            "url": url,
            "secret": secret,
            "livemode": settings.STRIPE_LIVE_MODE,
            "enabled_events": ["*"],
            "status": "enabled",
            "api_version": settings.STRIPE_API_VERSION,
            "djstripe_tolerance": settings.STRIPE_WEBHOOK_TOLERANCE,
        },
    )
    return url
