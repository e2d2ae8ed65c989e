"""Deployments that are broken on purpose, each in one way: the doctor finds that, and nothing else."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.doctor.outside.authority import Authority
from tests.doctor.outside.broken import (
    a_weak_key,
    answering_every_origin,
    believing_forwarded,
    following_return_to,
    leading_to_any_host,
    named,
    publishing,
    remembering,
    replaying,
    showing_traces,
    verifying_without_signature,
    without_origins,
)
from tests.doctor.outside.deployment import (
    Change,
    Deployment,
    codes,
    deployed,
    instead,
    replaced,
    rewriting,
    serving,
    without,
)
from tests.servers.server import free_port
from tests.site import ORIGIN

pytestmark = pytest.mark.asyncio(loop_scope="session")

CSP = "content-security-policy"


class Broken(NamedTuple):
    """Hold one way to break a deployment, and what is found then."""

    name: str
    changes: Sequence[Change]
    found: str
    with_permit: bool = False


BROKEN = (
    Broken("hsts is hidden", [without("strict-transport-security")], "hsts-missing"),
    Broken("inline scripts are taken", [replaced(CSP, "default-src 'unsafe-inline'; base-uri 'none'")], "csp-weak"),
    Broken("cookies go by plain http", [rewriting("set-cookie", "; Secure", "")], "cookie-not-secure"),
    Broken("every origin reads", [answering_every_origin()], "cors-open"),
    Broken("origins are taken out", [without_origins()], "cross-site-unseen"),
    Broken("any host is led to", [leading_to_any_host()], "host-believed"),
    Broken("a forwarded host is believed", [believing_forwarded()], "forwarded-believed"),
    Broken("return_to is followed", [following_return_to()], "open-redirect"),
    Broken("a trace is shown", [showing_traces()], "trace-shown"),
    Broken("answers are kept", [replaced("cache-control", "public, max-age=60")], "answers-kept"),
    Broken("a weak key is published", [publishing(a_weak_key)], "signing-key-weak"),
    Broken("verify takes alg none", [verifying_without_signature()], "alg-none-accepted"),
    Broken("sessions are kept", [remembering("/api/session", "cookie")], "session-survives-sign-out", True),
    Broken("refresh tokens work again", [replaying("/api/token/refresh")], "refresh-replay-accepted", True),
)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda each: each.name.replace(" ", "-"))
async def test_it_is_found_and_nothing_else(deployment: Deployment, broken: Broken) -> None:
    report = await deployment.examined(*broken.changes, with_permit=broken.with_permit)
    assert codes(report) == [broken.found]


SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "limits that let everybody try": ({"limits": {"tries": 1000}}, "limits-off"),
    "every client a proxy": (
        {"server": {"public_url": ORIGIN, "trusted_proxies": ["127.0.0.1"]}},
        "client-address-believed",
    ),
}


@pytest.mark.parametrize("name", list(SETTINGS))
async def test_settings_that_are_unsafe(authority: Authority, tmp_path: Path, name: str) -> None:
    sections, found = SETTINGS[name]
    async with deployed(tmp_path, authority, **sections) as served:
        assert codes(await served.examined(with_permit=True)) == [found]


async def test_a_public_url_that_is_another(authority: Authority, tmp_path: Path) -> None:
    other = "https://old.example.org"
    async with deployed(tmp_path, authority, server={"public_url": other}) as served:
        assert codes(await served.examined(named("old.example.org"))) == ["issuer-differs"]


async def test_plain_http_that_is_served_beside(deployment: Deployment) -> None:
    plain = free_port()
    page = instead("/sign-in", lambda _: (200, [], b"<form>"))
    async with serving(page(deployment), plain):
        assert codes(await deployment.examined(plain_port=plain)) == ["plain-http-served"]
