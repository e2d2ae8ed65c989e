"""`/verify` that strangers may ask."""

from pathlib import Path

import pytest
from starlette.types import Scope

from coatcheck.doctor.outside import verify_junk
from tests.doctor.outside.authority import Authority
from tests.doctor.outside.broken import header_of
from tests.doctor.outside.deployment import Deployment, asking_with, deployed, found_in, instead
from tests.gateway.asking import SECRET
from tests.site import ORIGIN

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_anybody_is_let_in(deployment: Deployment) -> None:
    assert found_in(await deployment.looked(verify_junk.PROBE, instead("/verify", lambda _: (200, [], b"")))) == [
        "verify-lets-in"
    ]


async def test_who_presents_anything_is_let_in(deployment: Deployment) -> None:
    """As by a proxy's rule that only looks whether there is a header."""

    def answer(scope: Scope) -> tuple[int, list[tuple[str, str]], bytes]:
        return (200, [], b"") if header_of(scope, "authorization") else (401, [], b"")

    assert found_in(await deployment.looked(verify_junk.PROBE, instead("/verify", answer))) == ["verify-lets-in"]


async def test_a_proxy_that_sends_its_secret_along_with_everything(authority: Authority, tmp_path: Path) -> None:
    """Whoever asks at /verify is judged then, in the place of the proxy."""
    sections = {
        "server": {"public_url": ORIGIN, "trusted_proxies": ["127.0.0.1"]},
        "gateway": {"secret": SECRET, "hosts": [f"auth.example.org = {ORIGIN}/notes"]},
        "tokens": {"audience": [f"{ORIGIN}/notes"]},
    }
    sending = asking_with(lambda pairs: [*pairs, (b"coatcheck-gateway", SECRET.encode())])
    async with deployed(tmp_path, authority, **sections) as at:
        assert found_in(await at.looked(verify_junk.PROBE)) == []
        assert found_in(await at.looked(verify_junk.PROBE, sending)) == ["verify-open"]
