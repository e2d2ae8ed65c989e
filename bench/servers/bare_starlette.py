"""One Starlette route that returns the JSON it was given, and does nothing else."""

import json
import sys
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bench.servers.one_worker import serve

if __name__ == "__main__":
    words = json.loads(Path(sys.argv[2]).read_text())

    async def show(_: Request) -> JSONResponse:
        """Return the same JSON each time."""
        return JSONResponse(words)

    serve(Starlette(routes=[Route("/api/session", show)]), int(sys.argv[1]))
