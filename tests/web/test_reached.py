"""Who reaches us and how: Local, the client's address behind proxies, hosts that are not ours, plain HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from coatcheck.errors import HttpsNeeded, UnknownHost
from coatcheck.http.reached import Reached, check_reached, client_address, is_local
from coatcheck.settings import ServerSettings
from tests.site import Site, open_site

HERE = ServerSettings(public_url="http://localhost:8400")
BEHIND = ServerSettings(public_url="https://auth.example.org", trusted_proxies=("10.0.0.0/8", "2001:db8:1::/48"))
LOCAL_HOSTS = ["localhost", "localhost:8400", "LOCALHOST:8400", "127.0.0.1", "127.0.0.1:8400", "[::1]", "[::1]:8400"]
OTHER_HOSTS = [
    "",
    "evil.example",
    "localhost.evil.example",
    "evil.localhost",
    "127.0.0.1.evil.example",
    "127.0.0.2",
    "127.1",
    "2130706433",
    "0.0.0.0",  # noqa: S104 (a name to refuse, not an address to listen on)
    "[::]",
    "::1",
    "[::1",
    "[::ffff:127.0.0.1]",
    "localhost@evil.example",
    "evil.example@localhost",
    "localhost/evil",
    "localhost?evil",
    "localhost#evil",
    "localhost:80:80",
    "localhost:evil",
    "localhost, evil.example",
    " localhost",
    "localhost\x00",
    "localhost.",
]


def reached(peer: str = "127.0.0.1", host: str = "localhost:8400", scheme: str = "http", **headers: str) -> Reached:
    return Reached(peer, scheme, host, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("host", LOCAL_HOSTS)
@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_local(peer: str, host: str) -> None:
    assert is_local(reached(peer, host), ServerSettings())


@pytest.mark.parametrize("host", OTHER_HOSTS)
def test_another_host_is_not_local(host: str) -> None:
    assert not is_local(reached(host=host), ServerSettings())
    with pytest.raises(UnknownHost):
        check_reached(reached(host=host), ServerSettings())


@pytest.mark.parametrize(
    "peer", ["", "testclient", "192.168.1.5", "10.0.0.1", "::2", "fe80::1", "::ffff:10.0.0.1", "128.0.0.1"]
)
def test_another_peer_is_not_local(peer: str) -> None:
    assert not is_local(reached(peer), HERE)
    with pytest.raises(HttpsNeeded):
        check_reached(reached(peer), HERE)


@pytest.mark.parametrize(
    "name",
    [
        "forwarded",
        "via",
        "x_forwarded_for",
        "x_forwarded_host",
        "x_forwarded_proto",
        "x_forwarded_port",
        "x_forwarded_anything",
    ],
)
@pytest.mark.parametrize("value", ["127.0.0.1", "", "for=127.0.0.1;host=localhost"])
def test_what_was_forwarded_is_not_local(name: str, value: str) -> None:
    """A proxy on this machine makes the whole world come from loopback."""
    assert not is_local(reached(**{name: value}), HERE)


def test_a_configured_proxy_ends_local() -> None:
    assert not is_local(reached(), ServerSettings(public_url=HERE.public_url, trusted_proxies=("192.0.2.1",)))


@pytest.mark.parametrize(
    ("peer", "named", "client"),
    [
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),  # no proxy of ours: what it says of others does not count
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),  # the client wrote 1.1.1.1 itself
        ("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.2, 10.0.0.3", ""),  # proxies alone
        ("10.0.0.1", "", ""),
        ("10.0.0.1", "198.51.100.1,", ""),
        ("10.0.0.1", "garbage", ""),
        ("10.0.0.1", "198.51.100.1, garbage", ""),
        ("10.0.0.1", "garbage, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::1]", "2001:db8::1"),
        ("10.0.0.1", "[2001:db8::1]:80", "2001:db8::1"),
        ("10.0.0.1", "2001:DB8:0:0::1", "2001:db8::1"),
        ("10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "::ffff:10.0.0.9", ""),
        ("10.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("10.0.0.1", "0198.51.100.1", ""),
        ("10.0.0.1", "3325256705", ""),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("2001:db8:1::5", "2001:db8:2::7, 2001:db8:1::6", "2001:db8:2::7"),
        ("fe80::1%eth0", "198.51.100.1", "fe80::1"),
        ("", "198.51.100.1", ""),
        ("unix:", "198.51.100.1", ""),
    ],
)
def test_the_clients_address(peer: str, named: str, client: str) -> None:
    asked = reached(peer, "auth.example.org", x_forwarded_for=named, x_real_ip="192.0.2.66", forwarded="for=192.0.2.66")
    assert client_address(asked, BEHIND) == client


def test_only_the_configured_header_counts() -> None:
    server = ServerSettings(trusted_proxies=("10.0.0.1",), client_address_header="X-Real-IP")
    asked = reached("10.0.0.1", x_forwarded_for="1.1.1.1", x_real_ip="198.51.100.1")
    assert client_address(asked, server) == "198.51.100.1"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "auth.example.org.evil.example",
        "auth.example.org:443x",
        "auth.example.org:8443",
        "auth.example.org, x",
        "auth.example.org.",
        "xauth.example.org",
        "localhost",
        "127.0.0.1",
    ],
)
async def test_unknown_host(site: Site, host: str) -> None:
    for path in ("/sign-in", "/api/session", "/recover", "/static/x", "/account"):
        answer = await site.browser().get(path, headers={"host": host})
        assert (answer.status_code, host in answer.headers.get("location", "-")) == (400, False)
        assert host not in answer.text
    assert (await site.browser().get("/api/session", headers={"host": "evil.example"})).json()["code"] == "unknown_host"


NOT_REACHED = {"unknown_host": "https://evil.example", "https_needed": "http://auth.example.org"}


@pytest.mark.parametrize(("code", "url"), NOT_REACHED.items())
async def test_a_browser_that_is_not_served_is_told_by_a_page(site: Site, code: str, url: str) -> None:
    browser = browser_of(site, url, "203.0.113.7", accept="text/html")
    for path in ("/", "/sign-in", "/account", "/nowhere"):
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")
        assert "<h1>That address or form is not right</h1>" in answer.text
        assert code in answer.text
        assert "://" not in answer.text, "it names no place, and loads nothing"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await browser.get("/api/session")).json()["code"] == code, "calls are answered to programs"
    assert (await browser.get("/sign-in", headers={"accept": "*/*"})).json()["code"] == code


async def test_forwarded_hosts_name_nobody(site: Site) -> None:
    """Links come from `server.public_url`, whatever a header says."""
    await site.person()
    spoofed = {
        "x-forwarded-host": "evil.example",
        "forwarded": "host=evil.example",
        "x-original-host": "evil.example",
        "x-forwarded-prefix": "/evil",
        "x-forwarded-proto": "http",
    }
    browser = site.browser(headers=spoofed)
    await browser.post("/api/recover", json={"email": "ann@example.org"})
    (mail,) = await site.mails("ann@example.org")
    assert "https://auth.example.org/recover/new-password?token=" in mail.text
    assert "evil" not in mail.text
    for path in ("/sign-in", "/account", "/"):
        answer = await browser.get(path)
        assert "evil" not in answer.text + str(answer.headers)


@asynccontextmanager
async def opened(folder: Path, **server: object) -> AsyncIterator[Site]:
    async with open_site(f"sqlite:///{folder / 'site.db'}", folder, server=server) as site:
        yield site


def browser_of(site: Site, url: str, peer: str, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(site.auth.app, client=(peer, 50_000))
    return httpx.AsyncClient(
        transport=transport, base_url=url, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


async def test_https_needed(tmp_path: Path) -> None:
    async with opened(tmp_path, trusted_proxies=["10.0.0.1"]) as site:
        for peer, scheme, status in (
            ("203.0.113.7", "http", 400),
            ("203.0.113.7", "https", 200),
            ("10.0.0.1", "http", 200),
            ("127.0.0.1", "http", 400),
        ):
            answer = await browser_of(site, f"{scheme}://auth.example.org", peer).get("/sign-in")
            assert answer.status_code == status, (peer, scheme)
        spoofed = browser_of(site, "http://auth.example.org", "203.0.113.7", x_forwarded_proto="https")
        assert (await spoofed.get("/api/session")).json()["code"] == "https_needed"


async def test_the_mailbox_and_metrics_are_for_this_machine(tmp_path: Path) -> None:
    async with opened(tmp_path, public_url="http://localhost:8400") as site:
        local = browser_of(site, "http://localhost:8400", "127.0.0.1")
        for path in ("/dev/mail", "/metrics", "/readyz"):
            assert (await local.get(path)).status_code == 200, path
        for header in ("x_forwarded_for", "forwarded", "via", "x_forwarded_host"):
            spoofed = browser_of(site, "http://localhost:8400", "127.0.0.1", **{header: "127.0.0.1"})
            for path in ("/dev/mail", "/dev/mail/1", "/metrics", "/readyz"):
                assert (await spoofed.get(path)).status_code in (400, 404), (header, path)
        afar = browser_of(site, "http://localhost:8400", "203.0.113.7", x_forwarded_for="127.0.0.1")
        for path in ("/dev/mail", "/metrics", "/readyz"):
            assert (await afar.get(path)).status_code in (400, 404), path
        rebound = browser_of(site, "http://evil.example:8400", "127.0.0.1")
        for path in ("/dev/mail", "/metrics", "/readyz"):
            assert (await rebound.get(path)).status_code in (400, 404), path


async def test_with_a_mail_server_there_is_no_mailbox(tmp_path: Path) -> None:
    server, mail = (
        {"public_url": "http://localhost:8400"},
        {"smtp_url": "smtp://localhost:1", "sender": "auth@example.org"},
    )
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, server=server, mail=mail) as site:
        assert (await browser_of(site, "http://localhost:8400", "127.0.0.1").get("/dev/mail")).status_code == 404


async def test_without_public_url_only_this_machine_is_served(tmp_path: Path) -> None:
    async with opened(tmp_path, public_url=None) as site:
        assert (await browser_of(site, "http://localhost:9999", "127.0.0.1").get("/sign-in")).status_code == 200
        for url, peer in (
            ("http://localhost:9999", "203.0.113.7"),
            ("https://evil.example", "127.0.0.1"),
            ("https://x", "203.0.113.7"),
        ):
            answer = await browser_of(site, url, peer).get("/api/session")
            assert answer.json()["code"] == "unknown_host"
