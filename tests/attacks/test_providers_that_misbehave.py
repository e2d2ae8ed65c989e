"""A provider that stalls, lies, floods, sends a page, or leads us on: what people see, and what operators can read.

Each is tried at every address that we ask. The person gets our page, with the name of what went wrong, within the
bound, and is not signed in; the audit trail says which provider, what and why. The site goes on to serve.
"""

import socket
from pathlib import Path
from time import monotonic
from unittest.mock import patch

import pytest

from coatcheck.login.note_failure import NOTED_PER_HOUR
from coatcheck.upstream.calls import MOST_BYTES, Calls
from tests.attacks.lying import Lying, leave, lying_at, sign_in_by, troubles
from tests.attacks.test_053_server_asks_for_them import METADATA_SERVICE
from tests.attacks.test_061_broken_provider_lets_nobody_in import HTML
from tests.login.providers import come_back, trouble_of, who
from tests.upstream.hostile import Write, answer, drip, for_ever, hang_up, raw, stall

DISCOVERY = "/.well-known/openid-configuration"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
CHUNK = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
AWAY, BADLY = "provider_away", "provider_answered_badly"
MISBEHAVES: dict[str, tuple[Write, str]] = {
    "stalls": (stall, AWAY),
    "drips": (drip(HEAD + b"content-length: 100000\r\n\r\n"), AWAY),
    "hangs up": (hang_up, BADLY),
    "says it sends a gigabyte": (raw(HEAD + b"content-length: 1000000000\r\n\r\n{}"), BADLY),
    "sends a gigabyte": (for_ever(HEAD + b"transfer-encoding: chunked\r\n\r\n", CHUNK), BADLY),
    "says less than it sends": (raw(HEAD + b"content-length: 1\r\n\r\n{}", then_close=True), BADLY),
    "sends a page": (HTML, BADLY),
    "leads round in circles": (answer(302, b"", location="/"), BADLY),
    "leads to a private place": (answer(307, b"", location=METADATA_SERVICE), BADLY),
    "is broken": (answer(500, b"{}"), AWAY),
}  # fmt: skip
SLOW = {"stalls", "drips"}


@pytest.mark.parametrize("at", [DISCOVERY, "/token", "/jwks"])
@pytest.mark.parametrize("what", MISBEHAVES)
async def test_the_person_gets_our_page(lying: Lying, what: str, at: str) -> None:
    lying.says("ada", "ada@example.com")
    lying.site.desk.keep(Calls)._within = 0.5
    does, trouble = MISBEHAVES[what]
    lying.acme.server.does[at] = does
    browser = lying.site.browser()
    began = monotonic()
    if at == DISCOVERY:
        shown = await browser.get("/login/acme")
    else:
        shown = await sign_in_by(lying, browser)
    took = monotonic() - began
    assert trouble_of(shown) in (trouble, AWAY if what == "hangs up" else trouble)
    assert shown.status_code in (400, 503)
    assert took < (10 if what in SLOW else 5), "the bound is for all of an answer"
    assert await who(browser) is None
    [told] = await troubles(lying.site)
    assert told["provider"] == "acme"
    assert told["trouble"] == trouble_of(shown)
    assert "127.0.0.1" in told["because"], "who it was"
    # Another provider serves on, and so does this one once it behaves.
    assert (await sign_in_by(lying, browser, "other")).status_code == 303
    assert MOST_BYTES < 1_000_000


@pytest.mark.parametrize(
    "where",
    [
        METADATA_SERVICE,
        "http://[::ffff:169.254.169.254]/latest",
        "http://169.254.169.254.:80/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://10.0.0.1/keys",
        "http://[fd00::1]/keys",
        "http://[::1]:5432/",
        "http://0.0.0.0:5432/",
        "https://user@127.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_x",
    ],
)
@pytest.mark.parametrize("member", ["jwks_uri", "token_endpoint"])
async def test_what_it_names_leads_to_no_private_place(lying: Lying, member: str, where: str) -> None:
    lying.says("ada", "ada@example.com")
    lying.acme.document = {member: where}
    lying.acme.publish()
    browser = lying.site.browser()
    seen: list[str] = []
    connect = socket.socket.connect

    def note(self: socket.socket, address: object) -> None:
        seen.append(str(address))
        connect(self, address)  # type: ignore[arg-type]

    with patch.object(socket.socket, "connect", note):
        answered = await browser.get("/login/acme")
        if answered.status_code == 303:
            answered = await sign_in_by(lying, browser)
    assert trouble_of(answered) in ("address_not_allowed", BADLY, AWAY)
    assert await who(browser) is None
    assert set(seen) == {str(("127.0.0.1", lying.acme.server.port))}
    [*_, told] = await troubles(lying.site)
    assert told["trouble"] == trouble_of(answered)


async def test_discovery_in_a_private_place(tmp_path: Path) -> None:
    """The operator named it, but not that it may be in their network."""
    async with lying_at(f"sqlite:///{tmp_path / 'site.db'}", tmp_path) as lying:
        lying.provider(private_network=())
        shown = await lying.site.browser().get("/login/acme")
        assert trouble_of(shown) == "address_not_allowed"
        assert lying.acme.server.connections == 0
        assert [each["trouble"] for each in await troubles(lying.site)] == ["address_not_allowed"]


async def test_a_stranger_cannot_fill_the_trail(lying: Lying) -> None:
    browser = lying.site.browser()
    for _ in range(NOTED_PER_HOUR + 20):
        await browser.get("/login/acme/callback?state=invented&code=x")
    assert len(await troubles(lying.site)) == NOTED_PER_HOUR, "the others are counted, a row a minute"


async def test_its_words_are_kept_from_the_page(lying: Lying) -> None:
    browser = lying.site.browser()
    left = await leave(lying, browser)
    lying.acme.says("/token", {"error": "invalid_grant", "error_description": "Call 555-0100 now"}, 400)
    shown = await come_back(browser, left.answer())
    assert trouble_of(shown) == "code_refused"
    assert "555" not in shown.text
    assert left.code not in str(await troubles(lying.site))
