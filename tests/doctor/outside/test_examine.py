"""The examination as a whole: what is right passes, nobody else is asked, and a permit is used with care."""

import json
import re
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from coatcheck.doctor.finding import Finding, NotRun
from coatcheck.doctor.outside import headers, verify_junk
from coatcheck.doctor.outside.asking import Node
from coatcheck.doctor.outside.discovery import WELL_KNOWN
from coatcheck.doctor.outside.examine import PROBES, Means, examine, withheld
from coatcheck.doctor.outside.target import parse_target
from coatcheck.doctor.permit import Permit
from coatcheck.doctor.principles import PRINCIPLES
from coatcheck.errors import ConfigurationError
from tests.doctor.outside.authority import Authority
from tests.doctor.outside.broken import header_of
from tests.doctor.outside.deployment import (
    Change,
    Deployment,
    Pairs,
    changing,
    codes,
    deployed,
    instead,
    not_run,
    serving,
)
from tests.house.source import ROOT
from tests.servers.server import HOST, free_port
from tests.site import ORIGIN

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHECKS = {check.code: check for probe in PROBES for check in probe.checks}
NOT_ASKED = {"limits-per-node", "mail-not-delivered"}
"""What one node without a mail server cannot show."""


async def test_what_is_right_passes(deployment: Deployment) -> None:
    ended: list[str] = []

    def note(scope: Scope) -> tuple[int, list[tuple[str, str]], bytes] | None:
        ended.append(scope["method"])
        return (204, [], b"") if scope["method"] == "DELETE" else None

    permits = instead("/api/doctor/permit", note)
    report = await deployment.examined(permits, with_permit=True, plain_port=free_port())
    assert codes(report) == []
    assert not_run(report).keys() == NOT_ASKED
    assert {each.code for each in report.outcomes} == CHECKS.keys()
    assert {each.principle for each in report.outcomes} == set(range(1, len(PRINCIPLES) + 1))
    assert (report.target, report.at) == (ORIGIN, deployment.site.clock.now())
    assert ended[-1] == "DELETE", "the permit is given back: its account is of no use any more"


async def test_without_a_permit_no_password_is_tried(deployment: Deployment) -> None:
    """And it is over in a few questions, one after the other, which a site in use does not notice."""
    asked: list[str] = []
    shown: list[str] = []

    def note(scope: Scope, pairs: Pairs) -> Pairs:
        asked.append(f"{scope['method']} {scope['path']}")
        shown.append(header_of(scope, "coatcheck-permit"))
        return pairs

    report = await deployment.examined(changing(note), plain_port=free_port())
    assert codes(report) == []
    assert (set(shown), asked.count("POST /sign-in")) == ({""}, 0)
    assert 100 < len(asked) < 200
    needing = {check.code for probe in PROBES if probe.needs_permit for check in probe.checks}
    silent = not_run(report)
    assert silent.keys() == needing | {"mail-not-delivered", "signature-unchecked"}
    assert all("coatcheck doctor permit" in silent[code] for code in needing)


async def test_nothing_is_followed(deployment: Deployment) -> None:
    """Whoever is examined cannot send the doctor elsewhere: neither by a redirect, nor by what it says of itself."""
    elsewhere: list[str] = []

    async def note(scope: Scope, _receive: object, _send: object) -> None:
        elsewhere.append(scope["path"])

    port = free_port()
    other = f"http://{HOST}:{port}"
    async with serving(note, port):
        told = json.dumps({"issuer": other, "jwks_uri": f"{other}/keys", "token_endpoint": f"{other}/token"}).encode()
        report = await deployment.examined(
            instead("/account", lambda _: (302, [("location", f"{other}/account")], b"")),
            instead(WELL_KNOWN, lambda _: (200, [], told)),
        )
    assert elsewhere == []
    assert "issuer-differs" in codes(report)


async def test_a_mount(authority: Authority, tmp_path: Path) -> None:
    """In an app there is more than Coatcheck at the host, and none of it is asked but the root's well-known."""
    strange: list[str] = []
    async with deployed(tmp_path, authority, server={"public_url": f"{ORIGIN}/auth"}) as served:
        inner = served.site.auth.app

        async def app(scope: Scope, receive: object, send: object) -> None:
            path = scope["path"]
            if path.startswith("/.well-known/oauth-authorization-server/auth"):
                path = f"/auth{path.removesuffix('/auth')}"
            elif not path.startswith("/auth/"):
                strange.append(path)
            await inner({**scope, "path": path, "root_path": "/auth"}, receive, send)  # type: ignore[arg-type]

        served.site.auth.app = app  # type: ignore[assignment]
        report = await served.examined(url=f"{ORIGIN}/auth", with_permit=True)
        served.site.auth.app = inner
    assert codes(report) == []
    assert {each for each in strange if "stranger.example" not in each} == set()


async def test_a_permit_is_for_one_address_and_a_while(deployment: Deployment) -> None:
    permit = await deployment.permit()
    means = deployment.means()
    other = Permit("https://other.example.org", permit.email, permit.password, "", permit.expires_at)
    with pytest.raises(ConfigurationError, match=r"the permit is for https://other\.example\.org"):
        await examine(ORIGIN, other, means=means)
    late = Permit(ORIGIN, permit.email, permit.password, "", means.clock.now())
    with pytest.raises(ConfigurationError, match="the permit has run out"):
        await examine(ORIGIN, late, means=means)


@pytest.mark.parametrize(
    ("url", "address", "is_withheld"),
    [
        ("http://localhost:8400", "127.0.0.1", False),
        ("http://localhost:8400", "::1", False),
        ("http://localhost:8400", "203.0.113.9", True),
        ("http://auth.example.org", "127.0.0.1", True),
        ("https://auth.example.org", "203.0.113.9", False),
    ],
)
async def test_where_a_permit_is_not_sent(url: str, address: str, is_withheld: bool) -> None:
    """By plain HTTP it stays on this machine, whatever name the machine elsewhere is given."""
    assert bool(withheld(parse_target(url), (Node(address, 80),), ())) is is_withheld


JWKS, SIGN_IN = "/.well-known/jwks.json", "/api/sign-in"
ODD: dict[str, dict[str, object]] = {
    "after-signing-in": {
        JWKS: {"keys": None},
        WELL_KNOWN: {"issuer": [], "jwks_uri": {}, "a_endpoint": None},
        "/api/sessions": {"sessions": [1, None]},
        "/api/factors/totp/start": {"secret": "1!"},
        "/api/doctor/permit": {"mails": {"written": "many"}},
    },
    "no-token": {
        JWKS: {"keys": [1, {"kty": [], "n": {}, "e": None, "kid": {}}]},
        SIGN_IN: {"status": "admitted", "access_token": "no token", "session": []},
        "/api/session": {},
    },
    "an-empty-token": {SIGN_IN: {"status": "admitted", "access_token": "e30.e30.e30", "refresh_token": {}}},
}


@pytest.mark.parametrize("case", list(ODD))
async def test_whatever_is_answered_there_is_a_report(deployment: Deployment, case: str) -> None:
    """Who is examined sends what they like, and may not want to be examined."""

    def odd(path: str, words: object) -> Change:
        body = json.dumps(words).encode()
        # That somebody is not signed in must be seen: else it is no Coatcheck.
        return instead(path, lambda scope: (200, [], body) if path != "/api/session" or _presents(scope) else None)

    report = await deployment.examined(*(odd(path, words) for path, words in ODD[case].items()), with_permit=True)
    assert {each.code for each in report.outcomes} == CHECKS.keys()


def _presents(scope: Scope) -> bool:
    return bool(header_of(scope, "authorization"))


async def test_a_wall_in_front_that_has_had_enough(deployment: Deployment) -> None:
    """What it answers is not Coatcheck's answer: neither a finding nor a pass."""
    wall = instead("/", lambda scope: (429, [], b"slow down") if scope["method"] == "GET" else None)
    looked = await deployment.looked(headers.PROBE, wall)
    assert {type(each) for each in looked.values()} == {NotRun}


@pytest.mark.parametrize(
    ("url", "at", "says"),
    [
        ("nonsense", (), "must read like"),
        ("https://no-such-host.invalid", (), "leads nowhere"),
        (ORIGIN, ("127.0.0.1:1",), r"nobody listens at 127\.0\.0\.1:1"),
        (ORIGIN, ("not an address",), "must read like 192"),
    ],
    ids=["no-address", "no-such-name", "nobody-listens", "no-node"],
)
async def test_what_cannot_be_examined(url: str, at: tuple[str, ...], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        await examine(url, means=Means(at=at))


async def test_certificates_that_cannot_be_read(deployment: Deployment, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(ConfigurationError, match="no certificates can be read"):
            await examine(ORIGIN, means=deployment.means(trust=tmp_path / name))


async def test_a_server_that_hangs_up(deployment: Deployment) -> None:
    """What was not answered did not pass."""

    def put(inner: ASGIApp) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"] != "/verify":
                return await inner(scope, receive, send)
            # Of ten bytes one comes, so the server closes the connection.
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
            return await send({"type": "http.response.body", "body": b"x", "more_body": True})

        return app

    looked = await deployment.looked(verify_junk.PROBE, put)
    assert looked.keys() == {"verify-lets-in", "verify-open"}
    for outcome in looked.values():
        assert isinstance(outcome, NotRun)
        assert outcome.because == "no answer: GET /verify: RemoteProtocolError"


@pytest.mark.parametrize("status", [200, 404, 502])
async def test_what_is_no_coatcheck(deployment: Deployment, status: int) -> None:
    """A proxy in front of nothing, or another app: nearly all would seem to pass."""
    other = instead("/", lambda _: (status, [("content-type", "text/html")], b"<html>"))
    with pytest.raises(ConfigurationError, match=f"/api/session gives {status} in the place of 401 not_signed_in"):
        await deployment.examined(other)


async def test_the_page_tells_of_every_check() -> None:
    """Each has a row with its severity, under the principle it stands under."""
    page = (ROOT / "docs" / "doctor-outside.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (high|medium|low) \|", page, re.MULTILINE))
    assert rows == {code: check.severity for code, check in CHECKS.items()}
    for number, part in enumerate(re.split(r"\n### (?=\d)", page)[1:], 1):
        told = set(re.findall(r"^\| `([a-z-]+)` \|", part, re.MULTILINE))
        assert told == {code for code, check in CHECKS.items() if check.principle == number}, part[:40]


async def test_every_fix_says_where_and_what(deployment: Deployment) -> None:
    """Its first line ends with a colon, or is a sentence; what follows can be copied."""
    report = await deployment.examined(
        instead("/", lambda scope: None if scope["path"] == "/api/session" else (200, [("server", "x/1.0")], b"{}"))
    )
    found = [each for each in report.outcomes if isinstance(each, Finding)]
    assert len(found) > 12
    for each in found:
        where, *lines = each.fix.splitlines()
        assert where.endswith(":"), each
        assert lines, each
        assert each.says[-1] == ".", each
