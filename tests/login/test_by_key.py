"""A site that proves itself to its provider by a key, with no secret that both know (RFC 7523), at a real one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.login.providers import BACK, PEOPLE, open_with, sign_in_as, trouble_of, who
from tests.servers.others import OpenIdServer, by_key
from tests.servers.programs import Program

KEY, OTHER = rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 2048)
JWK: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)


@pytest.fixture(scope="module")
def server(node_servers: Program) -> Iterator[OpenIdServer]:
    client = by_key("site", {**JWK, "alg": "RS256", "use": "sig", "kid": "ours"}, BACK)
    with OpenIdServer(node_servers, people=PEOPLE, clients=[client]) as running:
        yield running


def by_file(folder: Path, key: rsa.RSAPrivateKey) -> dict[str, object]:
    """Keep a key in a file, and give the settings that name it."""
    path = folder / "client.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    return {"client_auth": "private_key_jwt", "key_file": str(path), "key_id": "ours", "client_secret": ""}


async def test_our_key_redeems_the_code(server: OpenIdServer, tmp_path: Path) -> None:
    async with open_with(server, tmp_path, by_file(tmp_path, KEY)) as site, site.browser() as browser:
        await sign_in_as(browser, "ada")
        assert await who(browser) == "ada@example.com"


async def test_another_key_is_refused_before_anybody_is_sent_there(server: OpenIdServer, tmp_path: Path) -> None:
    """Its pushed request is signed too, so the person never leaves."""
    async with open_with(server, tmp_path, by_file(tmp_path, OTHER)) as site, site.browser() as browser:
        assert trouble_of(await browser.get("/login/work")) == "client_refused"
