"""The page of one's ways in."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from coatcheck.gate.request import principal_of
from coatcheck.ways_in.routes.passkeys import ways_in_page


async def show_ways_in(request: Request) -> Response:
    """Show one's ways in."""
    return await ways_in_page(request, await principal_of(request))


pages = [Route("/account/ways-in", show_ways_in, methods=["GET"])]
