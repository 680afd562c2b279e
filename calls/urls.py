"""Where calls live."""

from django.urls import path

from calls import views

app_name = "calls"

# /calls/
call_urls = [
    path("calls/", views.history, name="history"),
    path("calls/invite/", views.invite, name="invite"),
    path("calls/with/<str:handle>/", views.prepare, name="prepare"),
]

# /calls/ring/<uuid>/
ring_urls = [
    path("calls/ring/<uuid:invitation_id>/", views.ring, name="ring"),
    path("calls/ring/<uuid:invitation_id>/accept/", views.accept, name="accept"),
    path("calls/ring/<uuid:invitation_id>/decline/", views.decline, name="decline"),
    path("calls/ring/<uuid:invitation_id>/cancel/", views.cancel, name="cancel"),
]

# /calls/<uuid>/
room_urls = [
    path("calls/<uuid:call_id>/", views.room, name="room"),
    path("calls/<uuid:call_id>/meter/", views.meter, name="meter"),
    path("calls/<uuid:call_id>/beat/", views.beat, name="beat"),
    path("calls/<uuid:call_id>/leave/", views.leave, name="leave"),
    path("calls/<uuid:call_id>/end/", views.end, name="end"),
    path("calls/<uuid:call_id>/voice/", views.voice, name="voice"),
    path("calls/<uuid:call_id>/video/", views.video, name="video"),
    path("calls/<uuid:call_id>/summary/", views.summary, name="summary"),
]

# /studio/calls/
studio_urls = [
    path("studio/calls/", views.studio_calls, name="studio_calls"),
    path("studio/calls/rates/", views.studio_rates, name="studio_rates"),
    path("studio/calls/availability/", views.availability, name="availability"),
]

urlpatterns = [*call_urls, *ring_urls, *room_urls, *studio_urls]
