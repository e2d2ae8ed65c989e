"""Calls to a provider: what it may do to us, and where its name may lead."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from coatcheck.upstream.calls import MOST_BYTES, Calls
from coatcheck.upstream.trouble import Trouble, UpstreamFailed
from tests.site import Site, open_site
from tests.upstream.hostile import (
    Hostile,
    Write,
    answer,
    certificate_for,
    drip,
    for_ever,
    hang_up,
    hostile,
    raw,
    stall,
)

OK = b"HTTP/1.1 200 OK\r\n"
HUGE = b"x" * 65_536


@dataclass(frozen=True)
class Party:
    """Be asked."""

    name: str = "acme"
    private_network: tuple[str, ...] = ("127.0.0.0/8", "::1")


@pytest.fixture
async def provider() -> AsyncIterator[Hostile]:
    async with hostile() as running:
        yield running


@pytest.fixture
async def calls(site: Site) -> AsyncIterator[Calls]:
    opened = Calls(site.desk, within=0.3)
    yield opened
    await opened.close()


async def refused(calls: Calls, url: str, party: Party | None = None) -> UpstreamFailed:
    with pytest.raises(UpstreamFailed) as failed:
        await calls.get(party or Party(), url)
    return failed.value


async def test_an_answer_comes_whole(calls: Calls, provider: Hostile) -> None:
    provider.does["/a"] = answer(400, b'{"error":"x"}', content_type="Application/JSON; charset=utf-8", date="now")
    reply = await calls.post(Party(), provider.url + "/a?b=c", {"code": "4/0 A"}, headers={"x-more": "yes"})
    assert (reply.status, reply.kind, reply.date, reply.body) == (400, "application/json", "now", b'{"error":"x"}')
    [heard] = provider.heard
    assert (heard.method, heard.path, heard.body) == ("POST", "/a?b=c", b"code=4%2F0+A")
    assert heard.headers["accept-encoding"] == "identity"
    assert heard.headers["host"] == f"127.0.0.1:{provider.port}"
    assert heard.headers["x-more"] == "yes"


async def test_connections_are_kept_and_closed(calls: Calls, provider: Hostile) -> None:
    provider.does["/a"] = answer(200, b"{}")
    for _ in range(3):
        await calls.get(Party(), provider.url + "/a")
    assert provider.connections == 1
    await calls.get(Party(name="other"), provider.url + "/a")
    assert provider.connections == 2


BAD: dict[str, tuple[Write, Trouble, str]] = {
    "stalls": (stall, "provider_away", "no whole answer within 0.3 s"),
    "stalls half-way": (raw(OK + b"content-length: 9\r\n\r\n{"), "provider_away", "no whole answer"),
    "drips its head": (drip(OK, b"x-a: b\r\n", every=0.001), "provider_away", ""),
    "drips its body": (drip(OK + b"content-length: 200000\r\n\r\n"), "provider_away", "no whole answer"),
    "says first that it will": (for_ever(b"", b"HTTP/1.1 102 Processing\r\n\r\n"), "provider_away", "no whole answer"),
    "hangs up": (hang_up, "provider_answered_badly", "RemoteProtocolError"),
    "says less than it said": (
        raw(OK + b"content-length: 90\r\n\r\n{}", then_close=True),
        "provider_answered_badly",
        "RemoteProtocolError",
    ),
    "announces 1 GB": (raw(OK + b"content-length: 1000000000\r\n\r\n"), "provider_answered_badly", "larger than"),
    "announces nonsense": (raw(OK + b"content-length: 1e9\r\n\r\n"), "provider_answered_badly", "ProtocolError"),
    "never ends": (for_ever(OK + b"connection: close\r\n\r\n", HUGE), "provider_answered_badly", "larger than"),
    "never ends, in chunks": (
        for_ever(OK + b"transfer-encoding: chunked\r\n\r\n", b"10000\r\n" + HUGE + b"\r\n"),
        "provider_answered_badly",
        "larger than",
    ),
    "head without end": (for_ever(OK, b"x-a: " + HUGE + b"\r\n"), "provider_answered_badly", "ProtocolError"),
    "bomb": (answer(200, gzip.compress(bytes(10**7)), content_encoding="gzip"), "provider_answered_badly", "packed"),
    "redirect": (answer(302, b"", location="/redirect"), "provider_answered_badly", "a redirect"),
    "redirect that keeps the form": (answer(307, b"", location="http://10.0.0.1/"), "provider_answered_badly", "307"),
    "no http": (raw(b"SSH-2.0-OpenSSH access_token=hidden\r\n\r\n"), "provider_answered_badly", "ProtocolError"),
    "trouble of its own": (answer(503, b"secret trouble"), "provider_away", "answers 503"),
    "too many": (answer(429, b""), "provider_away", "answers 429"),
}


@pytest.mark.parametrize("case", BAD)
async def test_bad_answers(calls: Calls, provider: Hostile, case: str) -> None:
    does, trouble, because = BAD[case]
    provider.does["/a"] = does
    failed = await refused(calls, provider.url + "/a?code=hidden")
    assert failed.trouble == trouble, failed.because
    assert because in failed.because
    assert "127.0.0.1" in failed.because
    assert "hidden" not in failed.because
    assert len(provider.heard) == 1, "what was sent is never sent again"


async def test_as_much_as_is_allowed(calls: Calls, provider: Hostile) -> None:
    provider.does["/a"] = answer(200, b"x" * MOST_BYTES)
    assert len((await calls.get(Party(), provider.url + "/a")).body) == MOST_BYTES
    provider.does["/a"] = answer(200, b"x" * (MOST_BYTES + 1))
    assert (await refused(calls, provider.url + "/a")).trouble == "provider_answered_badly"


async def test_nobody_listens(calls: Calls) -> None:
    async with hostile() as gone:
        pass
    assert (await refused(calls, gone.url)).trouble == "provider_away"


async def test_one_that_stalls_holds_up_no_other(calls: Calls, provider: Hostile) -> None:
    provider.does |= {"/stalls": stall, "/a": answer(200, b"{}")}
    stalled = [asyncio.create_task(calls.get(Party(name="slow"), provider.url + "/stalls")) for _ in range(60)]
    await asyncio.sleep(0)
    assert (await calls.get(Party(), provider.url + "/a")).status == 200
    assert all(isinstance(each, UpstreamFailed) for each in await asyncio.gather(*stalled, return_exceptions=True))


NOT_ALLOWED = (
    "http://127.0.0.1:{port}/a",
    "http://localhost:{port}/a",
    "https://127.0.0.1:{port}/a",
    "https://127.1:{port}/a",
    "https://2130706433:{port}/a",
    "https://0x7f000001:{port}/a",
    "https://0177.0.0.1:{port}/a",
    "https://[::1]:{port}/a",
    "https://[::ffff:127.0.0.1]:{port}/a",
    "https://0.0.0.0:{port}/a",
    "https://10.0.0.1/a",
    "https://169.254.169.254/latest/meta-data",
    "http://93.184.216.34/a",
    "https://user@127.0.0.1/a",
    "https://a\\@127.0.0.1/a",
    "https://bücher.example/a",
    "https://a.example:99999/a",
    "https:///a",
    "https://[/a",
    "https://a.example/a b",
    "https://a.example/\r\nx: y",
    "file:///etc/passwd",
    "ftp://a.example/a",
    "/a",
    "",
)


@pytest.mark.parametrize("url", NOT_ALLOWED)
async def test_where_a_provider_may_not_be(calls: Calls, provider: Hostile, url: str) -> None:
    failed = await refused(calls, url.format(port=provider.port), Party(private_network=()))
    assert failed.trouble == "address_not_allowed", failed.because
    assert provider.connections == 0


@pytest.mark.parametrize(
    "url", ["https://169.254.169.254/", "https://[fe80::1]/", "http://10.0.0.1/", "http://1.1.1.1/"]
)
async def test_what_no_setting_allows(calls: Calls, url: str) -> None:
    assert (await refused(calls, url)).trouble == "address_not_allowed"


async def test_this_machine_for_a_site_on_this_machine(tmp_path: Path, provider: Hostile) -> None:
    provider.does["/a"] = answer(200, b"{}")
    party = Party(private_network=())
    here = {"public_url": "http://localhost:8400"}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, server=here) as site:
        calls = site.desk.keep(Calls)
        assert (await calls.get(party, provider.url + "/a")).status == 200
        assert (await refused(calls, "https://10.0.0.1/", party)).trouble == "address_not_allowed"


async def test_one_bad_address_of_several_is_enough(site: Site) -> None:
    async def both(host: str, port: int) -> list[str]:
        return ["93.184.216.34", "10.0.0.1"]

    calls = Calls(site.desk, resolve=both)
    failed = await refused(calls, "https://idp.example/", Party(private_network=()))
    assert (failed.trouble, "idp.example leads to 10.0.0.1" in failed.because) == ("address_not_allowed", True)


async def test_a_name_that_is_not_known(site: Site) -> None:
    async def nothing(host: str, port: int) -> list[str]:
        return []

    async def away(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    for resolve in (nothing, away):
        assert (await refused(Calls(site.desk, resolve=resolve), "https://idp.example/")).trouble == "provider_away"


async def test_the_address_that_was_judged_is_connected_to(site: Site, provider: Hostile) -> None:
    """DNS that answers otherwise the second time changes nothing: nobody asks a second time."""
    provider.does["/a"] = answer(200, b"{}")
    asked: list[str] = []

    async def rebinds(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    calls = Calls(site.desk, resolve=rebinds, within=2)
    reply = await calls.get(Party(), f"http://idp.invalid:{provider.port}/a")
    assert (reply.status, asked) == (200, ["idp.invalid"])
    assert provider.heard[0].headers["host"] == f"idp.invalid:{provider.port}"
    await calls.close()


async def test_the_next_address_is_tried_before_anything_is_sent(site: Site, provider: Hostile) -> None:
    async def two(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    provider.does["/a"] = answer(200, b"{}")
    calls = Calls(site.desk, resolve=two)
    assert (await calls.post(Party(), f"http://idp.invalid:{provider.port}/a", {"code": "c"})).status == 200
    assert len(provider.heard) == 1
    await calls.close()


@pytest.mark.parametrize(("name", "is_right"), [("idp.example", True), ("other.example", False)])
async def test_the_certificate_is_for_the_name(site: Site, tmp_path: Path, name: str, is_right: bool) -> None:
    certificate, key = certificate_for("idp.example")
    both = tmp_path / "both.pem"
    both.write_bytes(certificate + key)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(both)
    seen: list[str | None] = []
    serving.set_servername_callback(lambda _socket, asked, _context: seen.append(asked))

    async def here(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    calls = Calls(site.desk, resolve=here, tls=ssl.create_default_context(cadata=certificate.decode()))
    async with hostile(serving) as provider:
        provider.does["/a"] = answer(200, b"{}")
        url = f"https://{name}:{provider.port}/a"
        if is_right:
            assert (await calls.get(Party(), url)).status == 200
        else:
            failed = await refused(calls, url)
            assert failed.trouble == "provider_away"
            assert "CERTIFICATE_VERIFY_FAILED" in failed.because
        assert seen == [name]
        await calls.close()
