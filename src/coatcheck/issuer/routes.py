"""The HTTP of the issuer: the documents that say who we are and what our signatures are checked with."""

from datetime import timedelta
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from coatcheck.errors import NotFound
from coatcheck.gate.request import desk_of, visit_of
from coatcheck.http.published import published
from coatcheck.issuer.metadata import metadata
from coatcheck.keys.ring import SigningKeys

METADATA = "/.well-known/oauth-authorization-server"
JWKS = "/.well-known/jwks.json"


async def show_jwks(request: Request) -> Response:
    """Give the public keys. While there is none nobody keeps the answer: the first one signs at once."""
    desk = desk_of(request)
    keys = desk.keep(SigningKeys)
    await keys.read()
    document = keys.jwks()
    keep_for = desk.settings.keys.jwks_max_age if document["keys"] else timedelta(0)
    body = msgspec.json.encode(document)
    return published(request, body, media_type="application/jwk-set+json", keep_for=keep_for)


async def show_metadata(request: Request) -> Response:
    """Describe the authorization server."""
    body = msgspec.json.encode(metadata(visit_of(request).base_url))
    keep_for = desk_of(request).settings.keys.jwks_max_age
    return published(request, body, media_type="application/json", keep_for=keep_for)


async def show_metadata_by_path(request: Request) -> Response:
    """Describe the authorization server under the address that has the issuer's path at its end.

    Raises:
        NotFound: it is another path than ours.

    See: RFC 8414 section 3.1.
    """
    if f"/{request.path_params['path']}" != urlsplit(visit_of(request).base_url).path:
        raise NotFound("no issuer has this path")
    return await show_metadata(request)


pages = [
    Route(JWKS, show_jwks, methods=["GET"]),
    Route(METADATA, show_metadata, methods=["GET"]),
    Route(METADATA + "/{path:path}", show_metadata_by_path, methods=["GET"]),
]
