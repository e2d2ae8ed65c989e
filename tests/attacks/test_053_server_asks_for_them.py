"""Attack 53: CVE-2026-4874, Keycloak: the server fetches `jwks_uri`, `request_uri` and the like from a stranger's host.

Here the server fetches nothing that a client names: a service's key is handed in by its operator, an assertion whose
header points to keys is refused unread, and no parameter makes us open a connection.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import msgspec
import pytest

from coatcheck.clients.client_key import parse_client_key
from coatcheck.errors import BadInput
from tests.clients.machines import Signing, keyed_machine, machine, present
from tests.site import Site

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
