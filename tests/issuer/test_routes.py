"""The documents at `/.well-known/`: what is in them, who may keep them, and every address they are found at."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette

from coatcheck.admin.rotate_keys import replace_keys, rotate_keys
from coatcheck.desk import Desk
from coatcheck.issuer.metadata import metadata
from coatcheck.keys.algorithms import ALGORITHMS
from coatcheck.keys.ring import SigningKeys
from coatcheck.keys.sign import sign_jws
from coatcheck.server.coatcheck import Coatcheck
from coatcheck.settings.read import read_settings
from tests.attacks.workers import another_worker
from tests.keys.checking import is_good, parts_of
from tests.keys.sites import keys_of, signing_site
from tests.site import ORIGIN, VISIT, Site

JWKS = "/.well-known/jwks.json"
METADATA = "/.well-known/oauth-authorization-server"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that has a key."""
    async with signing_site(tmp_path) as opened:
        await keys_of(opened).current()
        yield opened


@pytest.mark.parametrize("algorithm", sorted(set(ALGORITHMS) - {"HS256"}))
async def test_what_we_sign_is_checked_with_what_we_publish(tmp_path: Path, algorithm: str) -> None:
    async with signing_site(tmp_path, algorithm) as site:
        token = sign_jws(await keys_of(site).current(), "at+jwt", b"{}")
        answer = await site.browser().get(JWKS)
        assert answer.headers["content-type"] == "application/jwk-set+json"
        [jwk] = answer.json()["keys"]
        assert (jwk["alg"], jwk["use"]) == (algorithm, "sig")
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & jwk.keys()
        header, _, signed, signature = parts_of(token)
        assert header["kid"] == jwk["kid"]
        assert is_good(jwk, signature, signed)


async def test_a_shared_secret_is_not_published(tmp_path: Path) -> None:
    async with signing_site(tmp_path, "HS256") as site:
        await keys_of(site).current()
        answer = await site.browser().get(JWKS)
        assert (answer.json(), answer.headers["cache-control"]) == ({"keys": []}, "no-store")


async def test_it_may_be_kept_and_asked_for_again(site: Site) -> None:
    browser = site.browser()
    answer = await browser.get(JWKS)
    tag = answer.headers["etag"]
    assert answer.headers["cache-control"] == "public, max-age=300"
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await browser.get(JWKS, headers={"if-none-match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert (again.headers["etag"], again.headers["cache-control"]) == (tag, "public, max-age=300")
    assert (await browser.get(JWKS, headers={"if-none-match": '"other"'})).status_code == 200
    await rotate_keys(site.desk, VISIT, actor="operator")
    changed = await browser.get(JWKS, headers={"if-none-match": tag})
    assert (changed.status_code, len(changed.json()["keys"])) == (200, 2)


async def test_the_age_is_as_set(tmp_path: Path) -> None:
    async with signing_site(tmp_path, keys={"jwks_max_age": "40s"}) as site:
        await keys_of(site).current()
        assert (await site.browser().get(JWKS)).headers["cache-control"] == "public, max-age=40"


async def test_an_empty_set_is_kept_by_nobody(tmp_path: Path) -> None:
    """The first key signs at once: whoever kept the empty set would refuse what it signs."""
    async with signing_site(tmp_path) as site:
        answer = await site.browser().get(JWKS)
        assert (answer.json(), answer.headers["cache-control"]) == ({"keys": []}, "no-store")
        await keys_of(site).current()
        assert len((await site.browser().get(JWKS)).json()["keys"]) == 1


async def test_a_worker_that_was_not_told_publishes_the_next_key_in_time(site: Site) -> None:
    async with another_worker(site) as other:
        assert len((await other.browser().get(JWKS)).json()["keys"]) == 1
        await rotate_keys(site.desk, VISIT, actor="operator")
        site.clock.advance(timedelta(seconds=61))
        assert len((await other.browser().get(JWKS)).json()["keys"]) == 2


async def test_a_leaked_key_is_published_no_more(site: Site) -> None:
    leaked = (await keys_of(site).current()).kid
    made = await replace_keys(site.desk, VISIT, actor="operator")
    kids = [jwk["kid"] for jwk in (await site.browser().get(JWKS)).json()["keys"]]
    assert (kids, leaked in kids) == ([made.kid], False)


async def test_metadata(site: Site) -> None:
    answer = await site.browser().get(METADATA)
    assert answer.json() == metadata(ORIGIN)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "public, max-age=300"


@pytest.mark.parametrize("path", [f"{METADATA}/other", f"{METADATA}/", "/.well-known/openid-configuration"])
async def test_what_is_not_there(site: Site, path: str) -> None:
    answer = await site.browser(headers={"accept": "text/html"}).get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), "a problem document: programs ask here"


async def test_nothing_is_written_and_no_cookie_is_set(site: Site) -> None:
    for path in (JWKS, METADATA):
        answer = await site.browser().get(path)
        assert "set-cookie" not in answer.headers
        assert (await site.browser().post(path)).status_code == 405


@asynccontextmanager
async def mounted(app: Starlette, folder: Path, **server: object) -> AsyncIterator[tuple[httpx.AsyncClient, Desk]]:
    """Mount Coatcheck under `/auth` of an app."""
    overrides: dict[str, Mapping[str, object]] = {
        "database": {"url": f"sqlite:///{folder / 'app.db'}"},
        "keys": {"algorithm": "EdDSA"},
        "server": server,
    }
    auth = Coatcheck.from_settings(read_settings(None, {}, overrides), base=folder)
    auth.mount(app, "/auth")
    desk = await auth.open()
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5000))
    base_url = "https://example.org" if server else "http://localhost:8400"
    try:
        async with httpx.AsyncClient(transport=transport, base_url=base_url) as client:
            yield client, desk
    finally:
        await auth.close()


@pytest.mark.parametrize("kind", [FastAPI, Starlette])
async def test_under_a_mount_they_are_at_the_root_too(tmp_path: Path, kind: type[Starlette]) -> None:
    issuer = "https://example.org/auth"
    async with mounted(kind(), tmp_path, public_url=issuer) as (client, desk):
        key = await desk.keep(SigningKeys).current()
        for path in (f"/auth{METADATA}", f"{METADATA}/auth", f"/auth{METADATA}/auth"):
            assert (await client.get(path)).json() == metadata(issuer), path
        for path in (f"/auth{JWKS}", JWKS):
            answer = await client.get(path)
            assert [jwk["kid"] for jwk in answer.json()["keys"]] == [key.kid], path
            assert answer.headers["x-content-type-options"] == "nosniff", "it came through our entrance"
            assert (await client.head(path)).status_code == 200
        assert (await client.get(METADATA)).status_code == 404, "at the root there is no issuer"
        assert (await client.get("/.well-known/security.txt")).status_code == 404


async def test_without_a_public_url_the_issuer_is_where_this_machine_reaches_us(tmp_path: Path) -> None:
    async with mounted(FastAPI(), tmp_path) as (client, _):
        for path in (f"/auth{METADATA}", f"{METADATA}/auth"):
            assert (await client.get(path)).json()["issuer"] == "http://localhost:8400/auth", path


async def test_behind_a_proxy_that_takes_the_path_off(tmp_path: Path) -> None:
    """Served alone, with a path in `server.public_url`: the path stands at the end of the address all the same."""
    async with signing_site(tmp_path, server={"public_url": "https://auth.example.org/auth"}) as site:
        for path in (METADATA, f"{METADATA}/auth"):
            assert (await site.browser().get(path)).json()["issuer"] == "https://auth.example.org/auth"


async def test_another_host_is_told_nothing(tmp_path: Path) -> None:
    async with mounted(FastAPI(), tmp_path, public_url="https://example.org/auth") as (client, _):
        for path in (JWKS, f"{METADATA}/auth"):
            answer = await client.get(path, headers={"host": "evil.example"})
            assert (answer.status_code, answer.json()["code"]) == (400, "unknown_host")
