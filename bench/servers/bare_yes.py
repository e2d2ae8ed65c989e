"""A bare ASGI app that always answers 204."""

import sys

from starlette.types import Receive, Scope, Send

from bench.servers.one_worker import serve


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Say yes."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


if __name__ == "__main__":
    serve(app, int(sys.argv[1]))
