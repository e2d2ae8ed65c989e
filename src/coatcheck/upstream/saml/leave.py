"""Leave for a company's identity provider: an AuthnRequest in the address that the browser is sent to."""

import base64
import zlib
from typing import Final
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from markupsafe import Markup

from coatcheck.clock import rfc3339
from coatcheck.desk import Desk
from coatcheck.secret import Secret
from coatcheck.upstream.round_trips import RoundTrip
from coatcheck.upstream.saml.connection import SamlConnection, acs_of, entity_id_of
from coatcheck.upstream.saml.names import NAME_ID_FORMATS, POST, RSA_SHA256, SAML, SAMLP
from coatcheck.visit import Visit

# What is put in is escaped by `Markup`, in texts and in attributes.
_REQUEST: Final = Markup(
    '<samlp:AuthnRequest xmlns:samlp="{samlp}" xmlns:saml="{saml}" ID="{id}" Version="2.0" IssueInstant="{now}"'
    ' Destination="{destination}" AssertionConsumerServiceURL="{acs}" ProtocolBinding="{post}"{fresh}>'
    "<saml:Issuer>{issuer}</saml:Issuer>{policy}</samlp:AuthnRequest>"
)
_FRESH: Final = Markup(' ForceAuthn="true"')
_POLICY: Final = Markup('<samlp:NameIDPolicy{format} AllowCreate="true"/>')
_FORMAT: Final = Markup(' Format="{}"')


def saml_request_address(desk: Desk, visit: Visit, connection: SamlConnection, trip: RoundTrip, state: Secret) -> str:
    """Give the address at the identity provider that begins a trip; `RelayState` carries its state and nothing else.

    Args:
        visit: who leaves; what the request says of us was settled when the trip began.

    See: SAML bindings section 3.4 (HTTP-Redirect); SAML profiles section 4.1.4.1.
    """
    query = {
        "SAMLRequest": _packed(_request(desk, connection, trip, state)),
        "RelayState": state.reveal(),
    }
    if connection.key is None:
        signed = _query(query)
    else:
        query["SigAlg"] = RSA_SHA256
        signature = connection.key.sign(_query(query).encode(), PKCS1v15(), SHA256())
        signed = _query({**query, "Signature": base64.b64encode(signature).decode()})
    separator = "&" if "?" in connection.sso_address else "?"
    return f"{connection.sso_address}{separator}{signed}"


def request_id(desk: Desk, state: Secret) -> str:
    """Give the ID of a trip's request, which its answer must name. It is derived, so nothing more is kept."""
    return f"_{desk.key_ring.mac('upstream saml request', state.reveal()).hex()}"


def _request(desk: Desk, connection: SamlConnection, trip: RoundTrip, state: Secret) -> str:
    named = Markup("") if connection.subject_attribute else _FORMAT.format(NAME_ID_FORMATS[connection.name_id])
    return _REQUEST.format(
        samlp=SAMLP,
        saml=SAML,
        id=request_id(desk, state),
        now=rfc3339(desk.now()),
        destination=connection.sso_address,
        acs=acs_of(trip.base_url, connection.name),
        post=POST,
        fresh=_FRESH if trip.wants_fresh else "",
        issuer=entity_id_of(trip.base_url, connection.name),
        policy=_POLICY.format(format=named),
    )


def _packed(request: str) -> str:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return base64.b64encode(deflate.compress(request.encode()) + deflate.flush()).decode()


def _query(parameters: dict[str, str]) -> str:
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
