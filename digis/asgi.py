"""Sockets; in development pages as well, on the same port."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digis.settings.production")

# Django is set up before anything that imports models.
http = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402  after Django's set-up, see above

from digis.core.checks import refuse_demo_people  # noqa: E402  after Django's set-up, see above
from digis.sockets import websocket  # noqa: E402  after Django's set-up, see above

refuse_demo_people()
application = ProtocolTypeRouter({"http": http, "websocket": websocket})
