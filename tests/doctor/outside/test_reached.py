"""Plain HTTP, beside HTTPS or alone."""

from pathlib import Path
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from coatcheck.doctor.finding import Finding, NotRun, Passed
from coatcheck.doctor.outside import reached
from tests.doctor.outside.authority import Authority
from tests.doctor.outside.broken import answered
from tests.doctor.outside.deployment import NAME, Deployment, codes, deployed, found_in, not_run, serving
from tests.servers.server import HOST, free_port
from tests.site import ORIGIN

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANSWERS: dict[str, tuple[int, list[tuple[bytes, bytes]], bool]] = {
    "sent-on": (308, [(b"location", f"{ORIGIN}/sign-in".encode())], False),
    "refused": (403, [], False),
    "away": (502, [], False),
    "served": (200, [], True),
    "sent-elsewhere": (301, [(b"location", b"https://www.example.org/")], True),
    "sent-on-by-plain-http": (301, [(b"location", f"http://{NAME}/login".encode())], True),
    "sent-on-to-a-path": (302, [(b"location", b"/login")], True),
    "a-cookie": (308, [(b"location", f"{ORIGIN}/sign-in".encode()), (b"set-cookie", b"a=b")], True),
}


@pytest.mark.parametrize("case", list(ANSWERS))
async def test_what_plain_http_answers(deployment: Deployment, case: str) -> None:
    status, pairs, is_found = ANSWERS[case]

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await answered(send, status, pairs, b"")

    port = free_port()
    async with serving(app, port):
        looked = await deployment.looked(reached.PROBE, plain_port=port)
    assert found_in(looked) == ["plain-http-served"] * is_found


async def test_nobody_answers(deployment: Deployment) -> None:
    looked = await deployment.looked(reached.PROBE, plain_port=free_port())
    assert isinstance(looked["plain-http-served"], Passed)


async def test_where_plain_http_would_be_is_not_guessed(deployment: Deployment) -> None:
    """At another port than 443 nobody knows; what is at port 80 of the host may be somebody else's."""
    looked = await deployment.looked(reached.PROBE, url=f"https://{NAME}:{deployment.port}")
    assert isinstance(looked["plain-http-served"], NotRun)


async def test_plain_http_that_its_owner_chose(authority: Authority, tmp_path: Path) -> None:
    """A permit has a password in it, which is not sent by plain HTTP."""
    url, plain = f"http://{NAME}", free_port()
    sections: dict[str, Any] = {
        "server": {"public_url": url, "unsafe": ["PLAIN_HTTP"]},
        "sign_in": {"passkeys": False},
    }
    async with deployed(tmp_path, authority, **sections) as served, serving(served, plain):
        report = await served.examined(url=url, with_permit=True, at=(f"{HOST}:{plain}",))
    assert codes(report) == ["plain-http"]
    assert not_run(report)["limits-off"] == "it is reached by plain HTTP, so the permit is not sent there"
    [found] = [each for each in report.outcomes if isinstance(each, Finding)]
    assert 'public_url = "https://auth.example.org"' in found.fix.splitlines()
