"""For whom passkeys are: the host of the public address, checked before anything is served."""

from pathlib import Path
from typing import Any

import pytest

from coatcheck.errors import BadInput, ConfigurationError
from coatcheck.passkeys.rp import RelyingParty, check_relying_party, has_passkeys, relying_party
from coatcheck.settings import ServerSettings, Settings, SignInSettings
from tests.site import open_site


def settings(url: str | None, *, passkeys: bool = True, unsafe: tuple[str, ...] = ()) -> Settings:
    server = ServerSettings(public_url=url, unsafe=unsafe)
    return Settings(server=server, sign_in=SignInSettings(passkeys=passkeys))


@pytest.mark.parametrize(
    ("url", "host", "origin"),
    [
        ("https://example.org", "example.org", "https://example.org"),
        ("https://Example.org:443/auth", "example.org", "https://example.org"),
        ("https://example.org:8443/auth", "example.org", "https://example.org:8443"),
        ("https://id.example.org/a/b", "id.example.org", "https://id.example.org"),
        ("http://localhost:8400", "localhost", "http://localhost:8400"),
    ],
)
def test_the_host_and_the_origin_of_the_public_address(url: str, host: str, origin: str) -> None:
    check_relying_party(settings(url))
    assert relying_party(settings(url), "https://evil.example") == RelyingParty(host, origin, "Coatcheck")


def test_on_this_machine_it_is_localhost() -> None:
    check_relying_party(settings(None))
    assert relying_party(settings(None), "http://localhost:8400/auth").origin == "http://localhost:8400"
    for url in ("http://127.0.0.1:8400", "http://[::1]:8400"):
        assert not has_passkeys(settings(None), url)
        with pytest.raises(BadInput):
            relying_party(settings(None), url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://203.0.113.7", "the address 203.0.113.7"),
        ("https://[2001:db8::1]:8443/auth", "the address 2001:db8::1"),
        ("http://127.0.0.1:8400", "the address 127.0.0.1"),
        ("http://intranet.example", "over https alone"),
    ],
)
async def test_no_start_where_no_browser_would_use_one(url: str, words: str, tmp_path: Path) -> None:
    server: dict[str, Any] = {"public_url": url, "unsafe": ["PLAIN_HTTP"] if "intranet" in url else []}
    with pytest.raises(ConfigurationError, match=r"sign_in\.passkeys = false") as wrong:
        async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, server=server):
            pass
    assert words in str(wrong.value)
    async with open_site(f"sqlite:///{tmp_path / 'other.db'}", tmp_path, server=server, sign_in={"passkeys": False}):
        pass


async def test_a_site_without_passkeys_has_no_calls_about_them(tmp_path: Path) -> None:
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, sign_in={"passkeys": False}) as site:
        browser = site.browser()
        for path in ("/api/passkeys/start", "/sign-in/passkey/start", "/api/sign-in/sgn_x/passkey"):
            assert (await browser.post(path)).status_code == 404, path
        assert "passkey" not in (await browser.get("/sign-in")).text


@pytest.mark.parametrize(
    "text", [None, "no certificate", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"]
)
async def test_roots_that_cannot_be_read_stop_the_start(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "makers.pem").write_text(text)
    roots = {"passkey_attestation_roots": ["makers.pem"]}
    with pytest.raises(ConfigurationError, match="passkey_attestation_roots"):
        async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, sign_in=roots):
            pass
