"""The tests. They run on the test settings, whichever module of ours is imported first."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digis.settings.test")
