"""An app around Coatcheck, as a worker process serves it: with a WebSocket, and with a provider that keeps tokens."""

import os

from fastapi import FastAPI, WebSocket

from coatcheck.integrations.sockets import authenticated_socket
from coatcheck.server.coatcheck import Coatcheck

PROVIDER = "TEST_PROVIDER_URL"


def make_app() -> FastAPI:
    """Make the app, as `uvicorn --factory` asks."""
    work = {
        "entry": "oidc",
        "title": "Work",
        "issuer": os.environ[PROVIDER],
        "client_id": "site",
        "client_secret": "not much of a secret",
        "keeps_tokens": True,
        "private_network": ("127.0.0.0/8",),
    }
    auth = Coatcheck(providers={"work": work})
    app = FastAPI(lifespan=auth.lifespan)
    auth.mount(app, "/auth")

    @app.websocket("/socket")
    async def echo(websocket: WebSocket) -> None:
        async with authenticated_socket(websocket) as live:
            async for message in live:
                await websocket.send_text(f"{live.principal.subject}: {message!r}")

    return app
