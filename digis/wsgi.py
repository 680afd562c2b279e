"""Pages and the API, as production serves them (half the CPU of any ASGI server)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digis.settings.production")

application = get_wsgi_application()

from digis.core.checks import refuse_demo_people  # noqa: E402  after Django's set-up

refuse_demo_people()
