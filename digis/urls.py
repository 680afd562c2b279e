"""Every route of the site. Wiring only: each app keeps its own list."""

from django.urls import include, path
from django.urls.resolvers import URLPattern, URLResolver

from digis.core.webhooks import signed_door
from economy.views.webhooks import stripe_webhook

stripe_urls = [path("webhook/<uuid:uuid>/", signed_door(stripe_webhook), name="djstripe_webhook_by_uuid")]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("digis.core.urls")),
    path("", include("digis.api")),
    path("stripe/", include((stripe_urls, "djstripe"))),
    path("", include("accounts.urls")),
    path("", include("notifications.urls")),
    path("", include("economy.urls")),
    path("", include("calls.urls")),
    path("", include("moderation.urls")),
    path("", include("discovery.urls")),
]

handler400 = "digis.core.http.bad_request"
handler403 = "digis.core.http.permission_denied"
handler404 = "digis.core.http.page_not_found"
handler500 = "digis.core.http.server_error"
