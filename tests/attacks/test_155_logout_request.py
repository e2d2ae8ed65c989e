"""Attack 155: GHSA-pcgw-qcv5-h8ch, gosaml2: a LogoutRequest that nobody signed is obeyed.

Whoever guesses a NameID signs its owner out, everywhere, as often as he likes. Here no single logout is served: our
metadata name none, no address takes a LogoutRequest, signed or not, and the one that takes answers refuses it by its
root. Sessions are ended by those they belong to, by administrators, and by nobody else.
"""

import base64
import zlib

import pytest
from lxml import etree

from coatcheck.upstream.saml.metadata import sp_metadata
from coatcheck.upstream.saml.names import SAML, SAMLP
from tests.site import ORIGIN, Site
from tests.upstream.saml.company import IDP, Idp, certificate_of, connection, outcome, packed, rsa_key

PATHS = ("", "/slo", "/sls", "/logout", "/acs", "/metadata", "/acs/slo", "/SingleLogoutService")
REQUEST = etree.fromstring(
    f'<samlp:LogoutRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_logout" Version="2.0"'
    f' IssueInstant="2027-01-15T08:00:00Z"><saml:Issuer>{IDP}</saml:Issuer>'
    "<saml:NameID>8f3c-ada</saml:NameID></samlp:LogoutRequest>"
)
WRITTEN = {
    "unsigned": REQUEST,
    "by a stranger": Idp(key=rsa_key("stranger")).sign(REQUEST),
    "by the provider": Idp().sign(REQUEST),
}


@pytest.mark.parametrize("by", WRITTEN)
async def test_nobody_is_signed_out(site: Site, by: str) -> None:
    await site.person()
    ann = await site.signed_in()
    raw = etree.tostring(WRITTEN[by])
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    by_address = base64.b64encode(packer.compress(raw) + packer.flush()).decode()
    for path in (*(f"/saml/acme{path}" for path in PATHS), "/login/acme/callback", "/login/acme/end"):
        for name in ("SAMLRequest", "SAMLResponse"):
            answers = [
                await ann.post(path, data={name: packed(raw), "RelayState": "x"}),
                await ann.post(path, data={name: packed(raw)}, headers={"sec-fetch-site": "cross-site"}),
                await ann.get(path, params={name: by_address, "RelayState": "x"}),
            ]
            told = [answer.status_code for answer in answers if not path.endswith("/metadata")]
            assert all(status in (303, *range(400, 500)) for status in told), path
    assert (await ann.get("/api/session")).status_code == 200


@pytest.mark.parametrize("by", WRITTEN)
def test_it_is_no_answer_either(by: str) -> None:
    assert outcome(WRITTEN[by]) == "shape: the root is LogoutRequest, not Response"


def test_our_metadata_name_no_logout() -> None:
    ours = rsa_key("ours")
    written = sp_metadata(ORIGIN, connection(key=ours, certificate=certificate_of(ours)))
    assert "Logout" not in written
    assert "AssertionConsumerService" in written
