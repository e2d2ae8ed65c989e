"""TLS: certificates that are not right, and old versions."""

import asyncio
import ssl
import warnings
from datetime import timedelta
from pathlib import Path

import pytest

from coatcheck.clock import SystemClock
from coatcheck.doctor.outside import tls
from coatcheck.doctor.outside.asking import Node
from coatcheck.doctor.outside.handshake import client_hello, old_version
from coatcheck.doctor.outside.target import parse_target
from coatcheck.errors import ConfigurationError
from tests.doctor.outside.authority import Authority
from tests.doctor.outside.deployment import NAME, Deployment, codes, found_in, not_run, old_tls, serving
from tests.servers.server import HOST, free_port
from tests.site import ORIGIN

pytestmark = pytest.mark.asyncio(loop_scope="session")

CERTIFICATES: dict[str, tuple[str, int, int, list[str]]] = {
    "ran-out": (NAME, -90, -2, ["certificate-expired"]),
    "of-another-name": ("other.example.org", -30, 800, ["certificate-untrusted"]),
    "runs-out": (NAME, -80, 10, ["certificate-ends-soon"]),
    "lives-for-six-days": (NAME, -3, 3, []),
    "lives-for-six-days-and-is-late": (NAME, -5, 1, ["certificate-ends-soon"]),
}


@pytest.mark.parametrize("case", list(CERTIFICATES))
async def test_certificates(deployment: Deployment, tmp_path: Path, case: str) -> None:
    host, begins, ends, found = CERTIFICATES[case]
    authority, port = Authority(tmp_path), free_port()
    held = authority.certificate(host, begins=timedelta(days=begins), ends=timedelta(days=ends))
    async with serving(deployment, port, held):
        # By the real time: the library judges certificates by it.
        looked = await deployment.looked(tls.PROBE, at=(f"{HOST}:{port}",), trust=authority.file, clock=SystemClock())
    assert found_in(looked) == found


async def test_an_authority_that_nobody_knows(deployment: Deployment, tmp_path: Path) -> None:
    """Whoever stands in the middle has such a certificate; what is found behind it is told, and no password sent."""
    report = await deployment.examined(with_permit=True, trust=Authority(tmp_path).file)
    assert codes(report) == ["certificate-untrusted"]
    assert not_run(report)["limits-off"] == "its certificate is not trusted, so the permit is not sent there"


async def test_old_versions(authority: Authority) -> None:
    held, port, target = authority.certificate(NAME), free_port(), parse_target(ORIGIN)
    for version, seen in ((ssl.TLSVersion.TLSv1, "TLS 1.1"), (ssl.TLSVersion.TLSv1_2, None)):
        context = old_tls(held)
        with warnings.catch_warnings(action="ignore"):
            context.minimum_version = version
        async with await asyncio.start_server(lambda _, writer: writer.close(), HOST, port, ssl=context):
            assert await old_version(Node(HOST, port), target) == seen


async def test_an_old_version_is_found(deployment: Deployment, authority: Authority) -> None:
    context = old_tls(authority.certificate(NAME))
    with warnings.catch_warnings(action="ignore"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    port = free_port()
    async with await asyncio.start_server(lambda _, writer: writer.close(), HOST, port, ssl=context):
        looked = await deployment.looked(tls.PROBE, at=(f"{HOST}:{port}",))
    assert found_in(looked) == ["tls-old"]


async def test_the_greeting_is_one_that_servers_read() -> None:
    """Every length in it is that of what follows."""
    hello = client_hello("auth.example.org")
    assert int.from_bytes(hello[3:5], "big") == len(hello) - 5
    assert int.from_bytes(hello[6:9], "big") == len(hello) - 9
    assert b"auth.example.org" in hello
    assert b"127.0.0.1" not in client_hello("127.0.0.1"), "an address is no name (RFC 6066 section 3)"


async def test_no_tls_at_all(deployment: Deployment) -> None:
    port = free_port()
    async with serving(deployment, port):
        with pytest.raises(ConfigurationError, match="does not answer: TLS with"):
            await deployment.examined(at=(f"{HOST}:{port}",))
