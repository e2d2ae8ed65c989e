"""The gateway decides: who may ask, for which host, and which credential of a client counts there."""

import json
from pathlib import Path

import pytest

from coatcheck.clock import millis
from coatcheck.errors import ConfigurationError, NotFound
from coatcheck.gateway.forwarded import Forwarded
from coatcheck.gateway.verify import verify
from coatcheck.keys.ring import SigningKeys
from coatcheck.keys.sign import sign_jws
from coatcheck.settings.read import read_settings
from coatcheck.tokens.access_token import GATEWAY_LIVES, make_access_token
from coatcheck.verifier.canonical import decode_base64url
from coatcheck.visit import Visit
from tests.gateway.asking import (
    BILLS,
    BILLS_HOST,
    COOKIE,
    NOTES,
    NOTES_HOST,
    OWN_HOST,
    PROXY,
    SECRET,
    SETTINGS,
    ask,
    bearer,
    cookie_of,
    passed_on,
    proxy,
    said,
    token_of,
)
from tests.site import ORIGIN, Site, open_site


@pytest.mark.parametrize(
    ("peer", "secret"),
    [
        (PROXY, None),
        (PROXY, ""),
        (PROXY, SECRET[:-1]),
        (PROXY, SECRET.upper()),
        ("203.0.113.7", SECRET),
        ("127.0.0.1", SECRET),
        ("", SECRET),
    ],
)
async def test_only_our_proxy_may_ask(site: Site, peer: str, secret: str | None) -> None:
    client = await cookie_of(site)
    async with proxy(site, peer=peer, secret=secret) as asking:
        answer = await asking.get("/verify", headers={**said(), **client})
        nothing = await asking.get("/nothing-here", headers={"host": OWN_HOST})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "authorization" not in answer.headers
    assert nothing.status_code in (400, 404)


async def test_a_secret_that_is_no_text_is_refused_as_any_other(site: Site) -> None:
    async with proxy(site, secret=None) as asking:
        for wrong in (b"\xff" * 32, b"\xc3\xa9" * 16, b"x" * 4000):
            answer = await asking.get("/verify", headers=[(b"coatcheck-gateway", wrong)])
            assert answer.status_code == 404


async def test_without_a_secret_there_is_no_gateway(tmp_path: Path) -> None:
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path) as site, proxy(site, secret=None) as asking:
        for sent in ({}, {"coatcheck-gateway": ""}, {"coatcheck-gateway": "None"}):
            assert (await asking.get("/verify", headers={**said(), **sent})).status_code == 404


class Unequal(str):
    """A text that may not be compared as texts are: that takes the longer the more of it is right."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        raise AssertionError("compared character by character")


async def test_the_secret_is_compared_in_constant_time(site: Site) -> None:
    wrong = Forwarded(Unequal("x" * len(SECRET)), PROXY, "GET", "https", NOTES_HOST, "/", False, False)
    with pytest.raises(NotFound):
        await verify(site.desk, Visit(), wrong)


async def test_a_cookie_becomes_a_token_for_the_service_behind_the_host(site: Site) -> None:
    claims = passed_on(await ask(site, await cookie_of(site)))
    assert (claims["aud"], claims["iss"], claims["client_id"]) == (NOTES, ORIGIN, "gateway")
    assert claims["exp"] - claims["iat"] == 60
    assert claims["sub"].startswith("acc_")
    assert claims["sid"].startswith("ses_")
    assert claims["status"]["status_list"]["uri"].startswith(f"{ORIGIN}/status/")


async def test_the_audience_follows_the_host(site: Site) -> None:
    client = await cookie_of(site)
    for host in (NOTES_HOST, NOTES_HOST.upper()):
        assert passed_on(await ask(site, client, host=host))["aud"] == NOTES
    assert passed_on(await ask(site, client, host=BILLS_HOST))["aud"] == BILLS


@pytest.mark.parametrize(
    "host",
    [
        "",
        "other.example.org",
        "x.notes.example.org",
        "notes.example.org.",
        "notes.example.org:443",
        "bills.example.org",
        "notes.example.org, bills.example.org:8443",
        "notes.example.org@evil.example",
        "notes.example.org /",
        "10.9.9.9",
    ],
)
async def test_a_host_that_is_not_registered(site: Site, host: str) -> None:
    answer = await ask(site, await cookie_of(site), host=host)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


async def test_nothing_but_the_proxy_says_what_was_asked(site: Site) -> None:
    """The proxy's own `Host`, method and path stand for nothing, and `X-Forwarded-*` that it leaves out for nothing."""
    client = await cookie_of(site)
    async with proxy(site) as asking:
        for left_out in said():
            headers = {name: value for name, value in said().items() if name != left_out}
            answer = await asking.get("/verify", headers={**headers, **client, "host": NOTES_HOST})
            assert answer.status_code == 403, left_out
        assert (await asking.post("/verify", headers={**said(), **client, "host": NOTES_HOST})).status_code == 200


@pytest.mark.parametrize("name", list(said()))
async def test_a_header_that_came_twice_says_nothing(site: Site, name: str) -> None:
    client = await cookie_of(site)
    twice = [*said().items(), *client.items(), (name, said()[name])]
    async with proxy(site) as asking:
        assert (await asking.get("/verify", headers=twice)).status_code == 403


async def test_a_secret_that_came_twice_is_wrong(site: Site) -> None:
    async with proxy(site) as asking:
        twice = [*said().items(), ("coatcheck-gateway", SECRET), ("coatcheck-gateway", "client's")]
        assert (await asking.get("/verify", headers=twice)).status_code == 404


@pytest.mark.parametrize("method", ["", "TRACE", "CONNECT", "get", "POST,GET", "PROPFIND"])
async def test_an_unknown_method(site: Site, method: str) -> None:
    assert (await ask(site, await cookie_of(site), method=method)).status_code == 403


@pytest.mark.parametrize("uri", ["", "x", "*", "https://evil.example/", "/a b", "/a, /b", "/\x7f", "/a\tb"])
async def test_a_path_that_is_none(site: Site, uri: str) -> None:
    assert (await ask(site, await cookie_of(site), uri=uri)).status_code == 403


async def test_an_odd_path_is_the_services_to_judge(site: Site) -> None:
    client = await cookie_of(site)
    for uri in ("/", "//x", "/%00", "/?a=%00", "/../../etc", "/#/admin", "/?uri=/x&pages=redirect"):
        assert (await ask(site, client, uri=uri)).status_code == 200, uri


@pytest.mark.parametrize("scheme", ["", "ftp", "https,https", "HTTPS"])
async def test_an_unknown_scheme(site: Site, scheme: str) -> None:
    assert (await ask(site, await cookie_of(site), scheme=scheme)).status_code == 403


async def test_the_cross_site_check_is_of_the_forwarded_request(site: Site) -> None:
    client = await cookie_of(site)
    for site_header, status in (("same-origin", 200), ("none", 200), ("same-site", 403), ("cross-site", 403)):
        answer = await ask(site, {**client, "sec-fetch-site": site_header}, method="POST")
        assert answer.status_code == status, site_header
        assert (await ask(site, {**client, "sec-fetch-site": site_header})).status_code == 200
    assert (await ask(site, {**client, "origin": "https://evil.example"}, method="DELETE")).status_code == 403
    refused = await ask(site, {**client, "origin": "null"}, method="PUT")
    assert (refused.status_code, refused.json()["code"]) == (403, "cross_site_refused")
    # The proxy's own request is a GET or a POST; that says nothing of its client's.
    async with proxy(site) as asking:
        cross = {**said("POST"), **client, "sec-fetch-site": "cross-site"}
        assert (await asking.get("/verify", headers=cross)).status_code == 403
        assert (await asking.post("/verify", headers={**cross, **said("GET")})).status_code == 200


@pytest.mark.parametrize("mark", [{"sec-websocket-key": "x"}, {"sec-websocket-version": "13"}, {}])
async def test_a_socket_of_another_site(site: Site, mark: dict[str, str]) -> None:
    """A handshake is a GET, and other sites may make a browser send one with our cookies along."""
    client = {**await cookie_of(site), **mark}
    scheme = "https" if mark else "wss"
    for origin in ("https://evil.example", "https://notes.example.org"):
        answer = await ask(site, {**client, "origin": origin}, scheme=scheme)
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site_refused")
    assert (await ask(site, {**client, "origin": ORIGIN}, scheme=scheme)).status_code == 200


async def test_cookies_are_read_as_at_our_own_gate(site: Site) -> None:
    cookie = (await cookie_of(site))["cookie"]
    assert (await ask(site, {"cookie": f"{cookie}; {COOKIE}=planted"})).status_code == 401
    assert (await ask(site, {"cookie": "coatcheck-session=x"})).status_code == 401
    assert (await ask(site, {"cookie": f"{COOKIE}=x"})).json()["code"] == "session_ended"
    assert (await ask(site)).json()["code"] == "not_signed_in"


async def test_authorization_wins(site: Site) -> None:
    client = await cookie_of(site)
    for bad in ("Bearer x", "Basic eDp5", "", "Bearer a, Bearer b"):
        answer = await ask(site, {**client, "authorization": bad})
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def access_token(site: Site, audience: str | None) -> str:
    admitted = await site.let_in(await site.person(password=None))
    made = await make_access_token(site.desk, session=admitted.session.id, issuer=ORIGIN, audience=audience)
    return made.text


async def test_a_token_for_this_service_becomes_one_for_it_alone(site: Site) -> None:
    wide = await access_token(site, None)
    for host, audience in ((NOTES_HOST, NOTES), (BILLS_HOST, BILLS)):
        answer = await ask(site, bearer(wide), host=host)
        assert passed_on(answer)["aud"] == audience
        assert token_of(answer) != wide


async def test_a_token_for_another_service_is_refused(site: Site) -> None:
    bills = await access_token(site, BILLS)
    assert (await ask(site, bearer(bills), host=BILLS_HOST)).status_code == 200
    for _ in range(2):
        answer = await ask(site, bearer(bills), host=NOTES_HOST)
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    ours = await make_access_token(site.desk, session=(await _session(site)), issuer=ORIGIN, audience=ORIGIN)
    assert (await ask(site, bearer(ours.text))).status_code == 401


async def _session(site: Site) -> str:
    return (await site.let_in(await site.person("bob@example.org", password=None))).session.id


async def test_no_site_can_make_a_browser_send_a_token(site: Site) -> None:
    wide = await access_token(site, None)
    cross = {**bearer(wide), "sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    assert (await ask(site, cross, method="POST")).status_code == 200


async def test_a_gateway_token_is_for_the_service_alone(site: Site) -> None:
    """The service behind one host can be neither another service nor us, nor keep what it got for longer."""
    token = token_of(await ask(site, await cookie_of(site)))
    for host in (NOTES_HOST, BILLS_HOST, OWN_HOST):
        answer = await ask(site, bearer(token), host=host)
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token"), host
    async with site.browser() as browser:
        for path in ("/api/session", "/api/sessions", "/status/feed?after=a.1"):
            assert (await browser.get(path, headers=bearer(token))).status_code == 401
    assert millis(GATEWAY_LIVES) == 60_000


async def test_a_services_token_is_passed_on_as_it_is(site: Site) -> None:
    """It was made for this audience by whoever calls; a session's token in its place would be somebody else's."""
    theirs = await access_token(site, NOTES)
    claims = claims_in(theirs) | {"sub": "svc_mailer", "client_id": "svc_mailer", "jti": "tok_s"}
    for name in ("sid", "auth_time"):
        del claims[name]
    signed = sign_jws(await site.desk.keep(SigningKeys).current(), "at+jwt", _encoded(claims))
    answer = await ask(site, bearer(signed))
    assert token_of(answer) == signed
    assert (await ask(site, bearer(signed), host=BILLS_HOST)).status_code == 401


def claims_in(token: str) -> dict[str, object]:
    claims: dict[str, object] = json.loads(decode_base64url(token.split(".")[1]))
    return claims


def _encoded(claims: dict[str, object]) -> bytes:
    return json.dumps(claims, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("section", "name", "value", "says"),
    [
        ("gateway", "secret", "short", "32 characters"),
        ("gateway", "secret", "a word between the proxy and us, with spaces", "32 characters"),
        ("gateway", "hosts", ["notes.example.org"], "must read like"),
        ("gateway", "hosts", ["Notes.example.org = x"], "must read like"),
        ("gateway", "hosts", ["*.example.org = x"], "must read like"),
        ("gateway", "hosts", ["a.example = x", "a.example = y"], "twice"),
        ("gateway", "hosts", [f"{OWN_HOST} = {ORIGIN}"], "audience of its own"),
        ("gateway", "hosts", [f"{OWN_HOST} = {ORIGIN}/"], "audience of its own"),
        ("server", "trusted_proxies", [], "trusted_proxies"),
        ("server", "public_url", None, "public_url"),
    ],
)
def test_settings_that_would_not_be_safe(section: str, name: str, value: object, says: str) -> None:
    changed = {key: dict(values) for key, values in SETTINGS.items()}
    changed[section][name] = value
    if value is None:
        del changed[section][name]
    with pytest.raises(ConfigurationError, match=says):
        read_settings(None, {}, changed)


def test_the_secret_is_not_shown() -> None:
    settings = read_settings(None, {}, SETTINGS)
    assert SECRET not in repr(settings)
    assert SECRET not in repr(Forwarded(SECRET, "", "", "", "", "", False, False))
