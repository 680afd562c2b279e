"""A stand-in for a push service: it subscribes, takes pushes as strictly as a real one, and opens them.

`python -m digis.sandbox.push --port N`

A real push service cannot read what it carries. This one made the browser's keys itself, so that a test can hold what was
sent against what a person would see. It listens on loopback only, imports no Django and nothing of the house but its
neighbor's idea of loopback, and forgets everything when it ends.
"""

from digis.sandbox.push.service import PushService

__all__ = ["PushService"]
