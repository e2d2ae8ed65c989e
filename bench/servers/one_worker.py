"""How every server here is run: one worker of uvicorn on uvloop and httptools, as `coatcheck serve` runs it."""

import asyncio

import uvicorn
from starlette.types import ASGIApp


def serve(app: ASGIApp, port: int, http: type[asyncio.Protocol] | None = None) -> None:
    """Serve until the process is told to end.

    Args:
        http: the protocol, where it is not uvicorn's own on httptools: ours pays for its bounds, the others do not.
    """
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http=http or "httptools",
        ws="none",
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
    )
