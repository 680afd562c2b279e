"""Web push: browsers that asked for it are woken through their own push service, which cannot read what they are told."""

from notifications.push.devices import connect, list_devices, remove_device, save_device
from notifications.push.keys import is_on, public_key
from notifications.push.sending import PushOutcome, send_push

__all__ = [
    "PushOutcome",
    "connect",
    "is_on",
    "list_devices",
    "public_key",
    "remove_device",
    "save_device",
    "send_push",
]
