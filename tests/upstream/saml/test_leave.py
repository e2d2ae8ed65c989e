"""What the browser takes to the identity provider: the request, whose state it is, and who signed it."""

import base64
import zlib
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree

from coatcheck.secret import Secret, new_secret
from coatcheck.upstream.round_trips import RoundTrip
from coatcheck.upstream.saml.connection import SamlConnection
from coatcheck.upstream.saml.leave import request_id, saml_request_address
from coatcheck.upstream.saml.names import NAME_ID_FORMATS, POST, PREFIXES, RSA_SHA256
from coatcheck.upstream.saml.strict_xml import one, parse, text_of
from coatcheck.visit import Visit
from tests.site import VISIT, Site
from tests.upstream.saml.company import ACS, BASE_URL, ENTITY_ID, SSO, certificate_of, connection, rsa_key

STATE = Secret("a-state_of-192-random-bits-as-32")


def trip(*, wants_fresh: bool = False) -> RoundTrip:
    """Give a trip that begins."""
    return RoundTrip(provider="acme", back_at="/login/acme/end", base_url=BASE_URL, began_at=0, wants_fresh=wants_fresh)


def leave(site: Site, to: SamlConnection, *, wants_fresh: bool = False) -> tuple[str, dict[str, str], etree._Element]:
    """Give the address, its parameters and its request, as the identity provider reads it."""
    address = saml_request_address(site.desk, VISIT, to, trip(wants_fresh=wants_fresh), STATE)
    query = dict(parse_qsl(urlsplit(address).query, strict_parsing=True))
    request = zlib.decompress(base64.b64decode(query["SAMLRequest"], validate=True), -zlib.MAX_WBITS)
    return address, query, parse(request)


def test_the_request_says_who_asks_and_where_the_answer_goes(site: Site) -> None:
    address, query, request = leave(site, connection())
    assert address.startswith(f"{SSO}?SAMLRequest=")
    assert query.keys() == {"SAMLRequest", "RelayState"}
    assert query["RelayState"] == STATE.reveal()
    assert request.tag == f"{{{PREFIXES['samlp']}}}AuthnRequest"
    assert dict(request.attrib) == {
        "ID": request_id(site.desk, STATE),
        "Version": "2.0",
        "IssueInstant": "2027-01-15T08:00:00Z",
        "Destination": SSO,
        "AssertionConsumerServiceURL": ACS,
        "ProtocolBinding": POST,
    }
    assert text_of(one(request, "saml:Issuer")) == ENTITY_ID
    assert dict(one(request, "samlp:NameIDPolicy").attrib) == {
        "Format": NAME_ID_FORMATS["persistent"],
        "AllowCreate": "true",
    }


def test_the_order_of_children_is_the_schema_s(site: Site) -> None:
    _, _, request = leave(site, connection())
    assert [etree.QName(each).localname for each in request] == ["Issuer", "NameIDPolicy"]


def test_a_fresh_sign_in_is_asked_for(site: Site) -> None:
    _, _, request = leave(site, connection(), wants_fresh=True)
    assert request.get("ForceAuthn") == "true"


def test_where_an_attribute_names_people_no_format_is_asked_for(site: Site) -> None:
    _, _, request = leave(site, connection(subject_attribute="employee"))
    assert dict(one(request, "samlp:NameIDPolicy").attrib) == {"AllowCreate": "true"}


def test_the_id_is_the_state_s_alone_and_does_not_tell_it(site: Site) -> None:
    first, second = request_id(site.desk, STATE), request_id(site.desk, new_secret())
    assert first == request_id(site.desk, Secret(STATE.reveal())) != second
    assert first.startswith("_")
    assert STATE.reveal() not in first


def test_it_is_signed_where_there_is_a_key(site: Site) -> None:
    key = rsa_key("ours")
    address, query, _ = leave(site, connection(key=key, certificate=certificate_of(key)))
    assert query["SigAlg"] == RSA_SHA256
    signed, separator, signature = urlsplit(address).query.partition("&Signature=")
    assert separator
    assert [part.partition("=")[0] for part in signed.split("&")] == ["SAMLRequest", "RelayState", "SigAlg"]
    assert "%" not in signature.replace("%2B", "").replace("%2F", "").replace("%3D", "")
    key.public_key().verify(base64.b64decode(query["Signature"]), signed.encode(), PKCS1v15(), SHA256())


def test_an_address_with_a_query_of_its_own_keeps_it(site: Site) -> None:
    address, query, _ = leave(site, connection(sso_address=f"{SSO}?tenant=a%20b"))
    assert address.startswith(f"{SSO}?tenant=a%20b&SAMLRequest=")
    assert query["tenant"] == "a b"


def test_what_is_put_in_is_escaped(site: Site) -> None:
    address = f'{SSO}?a=1&b="<x>'
    _, _, request = leave(site, connection(sso_address=address))
    assert request.get("Destination") == address


def test_who_visits_changes_nothing_of_it(site: Site) -> None:
    """What was settled when the trip began stays: an answer is checked against the same."""
    first, second = (
        saml_request_address(site.desk, visit, connection(), trip(), STATE)
        for visit in (VISIT, Visit(base_url="https://evil.example"))
    )
    assert first == second
