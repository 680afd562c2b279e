"""The core's routes."""

from django.urls import path

from digis.core import views

app_name = "core"

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
    # /media/
    path("media/<path:path>", views.media, name="media"),
    # /dev/mail/
    path("dev/mail/", views.mailbox, name="mailbox"),
    path("dev/mail/<uuid:mail_id>/", views.mailbox_mail, name="mailbox_mail"),
    path("dev/mail/<uuid:mail_id>/html/", views.mailbox_html, name="mailbox_html"),
]
