"""A service on plain ASGI. Run it with `uvicorn examples.asgi_app.app:app --port 8400`."""

import json
from typing import Any

from coatcheck.integrations.asgi import AuthenticationMiddleware, current_user, require
from examples.verifier import verifier


async def notes(scope: Any, _receive: Any, send: Any) -> None:
    """List the notes of whoever asks."""
    body = json.dumps({"notes": [], "of": current_user(scope).subject}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})


clear = require(permission="notes:delete")(notes)


async def route(scope: Any, receive: Any, send: Any) -> None:
    """Choose by the method; nobody unknown comes this far."""
    await (clear if scope["method"] == "DELETE" else notes)(scope, receive, send)


app = AuthenticationMiddleware(route, verifier)
