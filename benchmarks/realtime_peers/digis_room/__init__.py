"""Digis as one of the peers: production's settings and one topic more, a room that anybody signed in may hear."""
