"""Loopback stand-ins for outside services, over real HTTP. Never part of production."""
