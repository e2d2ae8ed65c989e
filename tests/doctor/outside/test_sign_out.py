"""Signing out that does not end what it should."""

import pytest

from coatcheck.doctor.finding import Finding
from coatcheck.doctor.outside import sign_out
from tests.doctor.outside.broken import header_of, remembering
from tests.doctor.outside.deployment import NAME, Deployment, found_in, instead, serving
from tests.servers.server import HOST, free_port

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_cache_that_knows_better(deployment: Deployment) -> None:
    for header, code in (("cookie", "session-survives-sign-out"), ("authorization", "token-survives-sign-out")):
        looked = await deployment.looked(sign_out.PROBE, remembering("/api/session", header))
        assert found_in(looked) == [code]
        found = looked[code]
        assert isinstance(found, Finding)
        assert "for 3 seconds after it was signed out of" in found.says


async def test_signing_out_that_fails(deployment: Deployment) -> None:
    failing = instead("/api/sign-out", lambda _: (200, [], b"{}"))
    assert found_in(await deployment.looked(sign_out.PROBE, failing)) == [
        "session-survives-sign-out",
        "token-survives-sign-out",
    ]


async def test_each_node_is_asked(deployment: Deployment) -> None:
    """Of two nodes one has not heard of it: a browser that comes to that one is signed in again."""
    deaf = instead("/api/session", lambda scope: (200, [], b"{}") if header_of(scope, "cookie") else None)
    port = free_port()
    async with serving(deaf(deployment), port, deployment.authority.certificate(NAME)):
        looked = await deployment.looked(sign_out.PROBE, at=(f"{HOST}:{deployment.port}", f"{HOST}:{port}"))
    assert found_in(looked) == ["session-survives-sign-out"]
    found = looked["session-survives-sign-out"]
    assert isinstance(found, Finding)
    assert f"is taken at {HOST}:{port} for 3 seconds" in found.says
