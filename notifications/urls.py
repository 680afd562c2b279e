"""Where notifications live."""

from django.urls import path

from notifications import views

app_name = "notifications"

urlpatterns = [
    path("notifications/", views.inbox, name="list"),
    path("notifications/read/", views.read, name="read"),
    path("notifications/<uuid:notification_id>/", views.open_one, name="open"),
    path("settings/notifications/", views.settings, name="settings"),
    path("people/<uuid:person_id>/bell/", views.bell, name="bell"),
]

# out of mail, and what becomes of it
urlpatterns += [
    path("notifications/unsubscribe/<str:token>/", views.unsubscribe_mail, name="unsubscribe"),
    path("settings/notifications/address/", views.address, name="address"),
    path("mail/events/<str:provider>/tracking/", views.mail_events, name="mail_events"),
]

# push
urlpatterns += [
    path("notifications/push/", views.push_subscription, name="push_subscription"),
    path("sw.js", views.service_worker, name="service_worker"),
    path("offline/", views.offline, name="offline"),
]
