"""The server room: the ASGI app that mounts every room's routes, what runs beside it, and `Coatcheck` itself."""
