"""The gateway room: a reverse proxy asks here about each request before it passes it on to a service."""
