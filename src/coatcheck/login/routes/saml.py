"""The HTTP of SAML that is no trip of a person: what a company's identity provider reads of us."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from coatcheck.errors import NotFound
from coatcheck.gate.request import desk_of, visit_of
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.saml.connection import SamlConnection
from coatcheck.upstream.when_asked import when_asked

_METADATA: Final = "application/samlmetadata+xml"


async def show_metadata(request: Request) -> Response:
    """Give our metadata for one connection; nothing in them is secret, and who asks does not matter.

    Raises:
        NotFound: there is no such connection, or it does not speak SAML.

    See: SAML metadata section 4.1.1 and appendix A.
    """
    connection = desk_of(request).keep(Providers).get(request.path_params["connection"])
    if not isinstance(connection, SamlConnection):
        raise NotFound(f"{connection.name} does not speak SAML")
    metadata: str = when_asked("saml.metadata").sp_metadata(visit_of(request).base_url, connection)
    return Response(metadata, media_type=_METADATA)


pages = [Route("/saml/{connection}/metadata", show_metadata, methods=["GET"])]
