"""Debian's simplesamlphp signs people in for the service providers it was told of, as it was told, and no others."""

import os
import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from urllib.parse import urlencode

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from tests.servers.programs import Program
from tests.servers.saml import NAME_IDS, Pair, SamlServer, Wanted
from tests.servers.walking import Arrived, Walker

US = "https://app.example.org/saml/acme/metadata"
ACS = "https://app.example.org/saml/acme/acs"
PEOPLE = {"ada": {"uid": ["ada"], "email": ["ada@example.com"], "groups": ["staff", "admins"]}}
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
OURS = Pair.made("app.example.org")


def known(entity_id: str = US, **differs: object) -> Wanted:
    return Wanted(entity_id=entity_id, acs=ACS, certificate=OURS.base64, **differs)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def idp(saml_program: Program) -> Iterator[SamlServer]:
    wanted = (
        known(),
        known(f"{US}/email", name_id="email", signs=("response",)),
        known(f"{US}/passing", name_id="transient", signs=("assertion",)),
        known(f"{US}/sealed", encrypts=True),
        known(f"{US}/strict", demands_signed_requests=True),
    )
    with SamlServer(saml_program, *wanted, people=PEOPLE) as server:
        yield server


def request_to(idp: SamlServer, entity_id: str = US, *, signed_by: Pair | None = None) -> str:
    text = (
        '<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" '
        f'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_one" Version="2.0" '
        f'IssueInstant="2026-11-27T08:00:00Z" Destination="{idp.sign_in}" AssertionConsumerServiceURL="{ACS}">'
        f"<saml:Issuer>{entity_id}</saml:Issuer></samlp:AuthnRequest>"
    )
    packer = zlib.compressobj(wbits=-15)
    packed = b64encode(packer.compress(text.encode()) + packer.flush()).decode()
    query = {"SAMLRequest": packed, "RelayState": "STATE"}
    if signed_by:
        query["SigAlg"] = RSA_SHA256
        signature = signed_by.key.sign(urlencode(query).encode(), PKCS1v15(), hashes.SHA256())
        query["Signature"] = b64encode(signature).decode()
    return f"{idp.sign_in}?{urlencode(query)}"


async def came_back(address: str, password: str = "secret") -> Arrived:
    async with Walker(ACS) as walker:
        page = await walker.open(address)
        return await walker.press(page, "Login", {"username": "ada", "password": password})


def xml_of(arrived: Arrived) -> str:
    return b64decode(arrived.answer["SAMLResponse"]).decode()


def test_its_metadata_name_its_key(idp: SamlServer) -> None:
    metadata = httpx.get(idp.metadata)
    assert metadata.status_code == 200
    assert f'entityID="{idp.entity_id}"' in metadata.text
    assert f'Location="{idp.sign_in}"' in metadata.text
    assert idp.pair.base64 in re.sub(r"\s", "", metadata.text)


async def test_who_signs_in_is_posted_to_us_with_groups(idp: SamlServer) -> None:
    arrived = await came_back(request_to(idp))
    assert (arrived.method, arrived.address, arrived.answer["RelayState"]) == ("POST", ACS, "STATE")
    xml = xml_of(arrived)
    assert 'InResponseTo="_one"' in xml
    assert NAME_IDS["persistent"] in xml
    assert xml.count("<ds:SignatureValue>") == 2
    assert all(f">{value}<" in xml for value in ("ada@example.com", "staff", "admins"))


async def test_a_persistent_name_outlives_a_restart(idp: SamlServer) -> None:
    before = xml_of(await came_back(request_to(idp)))
    idp.stop()
    idp.start()
    after = xml_of(await came_back(request_to(idp)))
    names = [re.findall(r"<saml:NameID[^>]*>([^<]+)<", xml) for xml in (before, after)]
    assert names[0]
    assert names[0] == names[1]


@pytest.mark.parametrize(
    ("at", "kind", "signatures"), [("email", "email", 1), ("passing", "transient", 1)], ids=["email", "transient"]
)
async def test_kinds_of_names_and_signatures(idp: SamlServer, at: str, kind: str, signatures: int) -> None:
    xml = xml_of(await came_back(request_to(idp, f"{US}/{at}")))
    assert NAME_IDS[kind] in xml
    assert xml.count("<ds:SignatureValue>") == signatures


async def test_an_encrypted_assertion_shows_nothing(idp: SamlServer) -> None:
    xml = xml_of(await came_back(request_to(idp, f"{US}/sealed")))
    assert "EncryptedAssertion" in xml
    assert "ada@example.com" not in xml
    assert "NameID" not in xml


async def test_a_wrong_password_shows_the_form_again(idp: SamlServer) -> None:
    async with Walker(ACS) as walker:
        page = await walker.open(request_to(idp))
        again = await walker.press_in_vain(page, "Login", {"username": "ada", "password": "no"})
    assert "username" in again.text


async def test_where_requests_must_be_signed_only_ours_pass(idp: SamlServer) -> None:
    signed = request_to(idp, f"{US}/strict", signed_by=OURS)
    assert (await came_back(signed)).answer["RelayState"] == "STATE"
    for refused in (
        request_to(idp, f"{US}/strict"),
        request_to(idp, f"{US}/strict", signed_by=Pair.made("somebody else")),
        signed.replace("RelayState=STATE", "RelayState=OTHER"),
    ):
        async with Walker(ACS) as walker:
            assert "username" not in (await walker.open(refused)).text


async def test_a_stranger_is_not_served(idp: SamlServer) -> None:
    async with Walker(ACS) as walker:
        assert "username" not in (await walker.open(request_to(idp, "https://stranger.example"))).text


def test_it_runs_as_an_unprivileged_user(idp: SamlServer) -> None:
    assert idp._process is not None
    assert os.stat(f"/proc/{idp._process.pid}").st_uid != 0
