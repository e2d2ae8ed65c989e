"""Attack 53: CVE-2026-4874, Keycloak: the server fetches `jwks_uri`, `request_uri` and the like from a stranger's host.

Here the server fetches nothing that a client names: a service's key is handed in by its operator, an assertion whose
header points to keys is refused unread, and no parameter makes us open a connection. What a provider names is judged by
the address where it leads: looked up once, and connected to as it was judged.
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import msgspec
import pytest

from coatcheck.clients.client_key import parse_client_key
from coatcheck.errors import BadInput
from coatcheck.upstream.calls import Calls
from coatcheck.upstream.provider import Claim, Claims, Endpoints
from tests.clients.machines import Signing, keyed_machine, machine, present
from tests.site import Site
from tests.upstream.hostile import answer, hostile
from tests.upstream.oauth.acme import SUBJECT, Acme

METADATA_SERVICE = "http://169.254.169.254/latest/meta-data"


@contextmanager
def connections() -> Iterator[list[object]]:
    """Gather every place that something connects to, or asks the name of, meanwhile."""
    seen: list[object] = []
    connect = socket.socket.connect

    def note(self: socket.socket, address: object) -> None:
        seen.append(address)
        connect(self, address)  # type: ignore[arg-type]

    with patch.object(socket.socket, "connect", note), patch.object(socket, "getaddrinfo", seen.append):
        yield seen


async def test_headers_that_point_to_keys(site: Site) -> None:
    service, key = await keyed_machine(site)
    with connections() as seen:
        for name in ("jku", "x5u", "jwks_uri", "jwk", "x5c"):
            assertion = key.assertion(site, service, header={name: METADATA_SERVICE})
            assert (await present(site, assertion)).status_code == 401, name
    assert seen == []


async def test_parameters_that_name_places(site: Site) -> None:
    made = await machine(site)
    names = ("request_uri", "jwks_uri", "sector_identifier_uri", "backchannel_logout_uri", "logo_uri", "redirect_uri")
    with connections() as seen:
        for name in names:
            assert (await made.ask_for_token(**{name: METADATA_SERVICE})).status_code == 200, name
        assert (await made.ask_for_token(resource=METADATA_SERVICE)).json()["error"] == "invalid_target"
    assert seen == []


def test_a_key_is_handed_in_and_not_pointed_to() -> None:
    for pointing in ({"jku": METADATA_SERVICE}, {"jwks_uri": METADATA_SERVICE}, {"x5u": METADATA_SERVICE, "kty": "EC"}):
        with connections() as seen, pytest.raises(BadInput):
            parse_client_key(msgspec.json.encode(pointing))
        assert seen == []
    assert parse_client_key(msgspec.json.encode(Signing().jwk))


INSIDE = (
    METADATA_SERVICE,
    "https://169.254.169.254/latest/meta-data",
    "https://[fd00:ec2::254]/latest/meta-data",
    "https://100.100.100.200/latest/meta-data",
    "https://10.0.0.1/",
    "https://192.168.1.1/",
    "https://[fd12::1]/",
    "https://[fe80::1]/",
    "https://0.0.0.0/",
    "https://[::]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[64:ff9b::a00:1]/",
    "https://[2002:a00:1::]/",
    "https://224.0.0.1/",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://0251.0376.0251.0376/",
    "http://93.184.216.34/",
    "file:///etc/passwd",
    "gopher://10.0.0.1:6379/_FLUSHALL",
    "https://user:password@10.0.0.1/",
)
NAMED_BY_DISCOVERY = ("jwks_uri", "token_endpoint", "userinfo_endpoint", "pushed_authorization_request_endpoint")
READS_ALL = Claims(subject=SUBJECT, name=Claim(source="userinfo", path=("name",)))


@pytest.mark.parametrize("member", NAMED_BY_DISCOVERY)
async def test_what_a_configuration_names(acme: Acme, member: str) -> None:
    for number, place in enumerate(INSIDE):
        acme.document = {member: place}
        acme.publish()
        provider = acme.provider(name=f"acme{number}", claims=READS_ALL)
        with connections_beyond(acme) as seen:
            failed = await acme.refused(provider)
        assert failed.trouble in ("address_not_allowed", "provider_answered_badly", "no_subject"), (
            place,
            failed.because,
        )
        assert seen == [], place


async def test_what_the_settings_name(acme: Acme) -> None:
    for place in INSIDE:
        for endpoints in (Endpoints(discovery=place), Endpoints(authorization="https://a.example/", token=place)):
            with connections_beyond(acme) as seen:
                assert (await acme.refused(acme.provider(endpoints=endpoints))).trouble == "address_not_allowed", place
            assert seen == [], place


async def test_a_redirect_into_the_network(acme: Acme) -> None:
    for status in (301, 302, 303, 307, 308):
        acme.server.does["/token"] = answer(status, b"", location="http://10.0.0.1/")
        with connections_beyond(acme) as seen:
            assert (await acme.refused()).trouble == "provider_answered_badly"
        assert seen == []


async def test_claims_that_point_somewhere(acme: Acme) -> None:
    sources = {"_claim_names": {"groups": "a"}, "_claim_sources": {"a": {"endpoint": METADATA_SERVICE}}}
    acme.claims = {**sources, "picture": METADATA_SERVICE, "profile": METADATA_SERVICE}
    groups = Claim(source="id_token", path=("groups",))
    with connections_beyond(acme) as seen:
        assert (await acme.identify(acme.provider(claims=Claims(subject=SUBJECT, groups=groups)))).groups is None
    assert seen == []


async def test_a_name_that_leads_elsewhere_the_second_time(site: Site) -> None:
    """DNS rebinding: judged as a public address, connected to as a private one."""
    asked: list[str] = []

    async def rebinds(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    async with hostile() as provider:
        provider.does["/"] = answer(200, b"{}")
        calls = Calls(site.desk, resolve=rebinds)
        here = Endpoints(discovery=f"http://idp.invalid:{provider.port}/")
        party = Acme(provider, site).provider(endpoints=here)
        with sockets() as seen:
            assert (await calls.get(party, here.discovery)).status == 200
        assert seen == [("127.0.0.1", provider.port)]
        assert asked == ["idp.invalid"]
        await calls.close()


@contextmanager
def connections_beyond(acme: Acme) -> Iterator[list[object]]:
    """Gather what is connected to besides a provider itself."""
    beyond: list[object] = []
    with sockets() as seen:
        yield beyond
    beyond += [address for address in seen if address != ("127.0.0.1", acme.server.port)]


@contextmanager
def sockets() -> Iterator[list[object]]:
    """Gather every place that a connection is opened to, by whatever the loop uses."""
    loop, seen = asyncio.get_running_loop(), list[object]()
    connect = loop.create_connection

    async def note(factory: Any, host: Any = None, port: Any = None, **more: Any) -> Any:
        seen.append((host, port))
        return await connect(factory, host, port, **more)

    with patch.object(loop, "create_connection", note):
        yield seen
