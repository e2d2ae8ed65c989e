"""The cross-site check and CORS: every line of DESIGN section 7's table, and the hop."""

from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path

import pytest

from coatcheck.errors import ConfigurationError
from coatcheck.settings.read import read_settings
from tests.bad_input.raw import Pairs, ask, kept
from tests.site import ORIGIN, Site, open_site

FRIEND = "https://app.example.org"
OURS = (None, "same-origin", "none")
STRANGERS = ("cross-site", "same-site", "", "SAME-ORIGIN", "same-origin, cross-site", "nonsense")
ORIGINS = (
    None,
    ORIGIN,
    "https://evil.example",
    "null",
    "https://auth.example.org:8443",
    "http://auth.example.org",
    "",
    FRIEND,
)


@pytest.fixture
async def friendly(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site whose owner has another app."""
    url = f"sqlite:///{tmp_path / 'site.db'}"
    async with open_site(url, tmp_path, web={"origins": [FRIEND]}) as opened:
        yield opened


def headers_for(site: str | None, origin: str | None) -> list[tuple[bytes, bytes]]:
    """Give the two headers of the check, where they are sent."""
    pairs = ((b"sec-fetch-site", site), (b"origin", origin))
    return [(name, value.encode()) for name, value in pairs if value is not None]


def passes(site: str | None, origin: str | None, friends: tuple[str, ...] = ()) -> bool:
    """Say by the design's words whether an unsafe request passes."""
    if origin in friends:
        return True
    if site is not None:
        return site in ("same-origin", "none")
    return origin in (None, ORIGIN)


async def signed_in(site: Site) -> tuple[bytes, bytes]:
    await site.person()
    return (b"cookie", b"__Host-coatcheck=" + (await site.signed_in()).cookies["__Host-coatcheck"].encode())


async def test_the_table(site: Site) -> None:
    cookie = await signed_in(site)
    before = await kept(site)
    for where, origin in product((*OURS, *STRANGERS), ORIGINS):
        for method, path in (
            ("POST", "/api/sign-in"),
            ("DELETE", "/api/sessions/ses_x"),
            ("POST", "/sign-out"),
            ("PUT", "/sign-in"),
        ):
            for cookies in ([], [cookie]):
                headers = [*headers_for(where, origin), *cookies, (b"content-type", b"text/plain")]
                answer = await ask(
                    site.auth.app, method, path, headers=headers, body=b"" if method == "DELETE" else b"x"
                )
                refused = answer.status == 403
                assert refused == (not passes(where, origin)), (method, path, where, origin, answer)
    assert await kept(site) == before


async def test_safe_methods_pass(site: Site) -> None:
    cookie = await signed_in(site)
    for where, origin in product((*OURS, *STRANGERS), ORIGINS):
        answer = await ask(site.auth.app, "GET", "/api/session", headers=[*headers_for(where, origin), cookie])
        assert answer.status == 200


async def test_no_get_changes_anything(site: Site) -> None:
    """The hop makes GET pages as reachable as under Lax, so none of them may change anything."""
    cookie = await signed_in(site)
    before = await kept(site)
    for path in (
        "/sign-out",
        "/sign-out?everywhere=true",
        "/account/close",
        "/account/sessions/end-others",
        "/verify-email?token=x",
        "/account/email/confirm?token=x",
        "/recover?email=ann@example.org",
        "/sign-in?identifier=ann",
        "/api/sign-out",
    ):
        await ask(site.auth.app, "GET", path, headers=[cookie])
    assert await kept(site) == before
    assert (await ask(site.auth.app, "GET", "/api/session", headers=[cookie])).status == 200


async def test_authorization_alone_is_no_browser(site: Site) -> None:
    cookie = await signed_in(site)
    stranger = headers_for("cross-site", "https://evil.example")
    bearer = (b"authorization", b"Bearer x")
    alone = await ask(site.auth.app, "DELETE", "/api/sessions", headers=[*stranger, bearer])
    assert alone.code == "invalid_token"
    beside = await ask(site.auth.app, "DELETE", "/api/sessions", headers=[*stranger, bearer, cookie])
    assert beside.code == "cross_site_refused"


async def test_the_owners_other_apps_pass(friendly: Site) -> None:
    cookie = await signed_in(friendly)
    for where in (*OURS, *STRANGERS):
        answer = await ask(friendly.auth.app, "DELETE", "/api/sessions", headers=[*headers_for(where, FRIEND), cookie])
        assert answer.status == 204
    for origin in (
        FRIEND + ":444",
        FRIEND.upper(),
        "http://app.example.org",
        f"{FRIEND}.evil.example",
        "https://x.app.example.org",
        "null",
    ):
        headers = [*headers_for("cross-site", origin), cookie]
        assert (await ask(friendly.auth.app, "DELETE", "/api/sessions", headers=headers)).code == "cross_site_refused"


PREFLIGHT: Pairs = [(b"access-control-request-method", b"POST"), (b"access-control-request-headers", b"content-type")]


async def test_cors_answers_friends_alone(friendly: Site) -> None:
    for origin in (
        "https://evil.example",
        "null",
        ORIGIN,
        f"{FRIEND}/",
        f"{FRIEND}.evil.example",
        FRIEND.upper(),
        "",
        "*",
        f"{FRIEND}, null",
    ):
        for method, more in (("GET", []), ("OPTIONS", PREFLIGHT)):
            headers = [(b"origin", origin.encode()), *more]
            answer = await ask(friendly.auth.app, method, "/api/session", headers=headers)
            assert "access-control-allow-origin" not in answer.headers, origin
            assert answer.headers["vary"] == "Origin"
    for method, more in (("GET", []), ("OPTIONS", PREFLIGHT)):
        answer = await ask(friendly.auth.app, method, "/api/session", headers=[(b"origin", FRIEND.encode()), *more])
        assert answer.headers["access-control-allow-origin"] == FRIEND
        assert "access-control-allow-credentials" not in answer.headers


async def test_what_a_friend_may_send_and_read(friendly: Site) -> None:
    """A script sends proofs and keys of repetition, and reads which nonce, how long to wait, and what the time is."""
    asks = [(b"origin", FRIEND.encode()), *PREFLIGHT]
    preflight = await ask(friendly.auth.app, "OPTIONS", "/api/session", headers=asks)
    allowed = set(preflight.headers["access-control-allow-headers"].split(", "))
    assert allowed == {"authorization", "content-type", "dpop", "idempotency-key"}
    for origin, names in (
        (FRIEND, {"DPoP-Nonce", "Retry-After", "WWW-Authenticate", "Date"}),
        ("https://evil.example", None),
    ):
        answer = await ask(friendly.auth.app, "GET", "/api/session", headers=[(b"origin", origin.encode())])
        exposed = answer.headers.get("access-control-expose-headers")
        assert (exposed and set(exposed.split(", "))) == names


async def test_without_friends_cors_is_silent(site: Site) -> None:
    for origin in (ORIGIN, FRIEND, "null"):
        answer = await ask(site.auth.app, "OPTIONS", "/api/sign-in", headers=[(b"origin", origin.encode()), *PREFLIGHT])
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "*",
        "https://*.example.org",
        "https://app.example.org/",
        "app.example.org",
        "https://A.example.org",
        "https://u@app.example.org",
        "ftp://app.example.org",
        "",
    ],
)
def test_origins_are_exact(origin: str) -> None:
    with pytest.raises(ConfigurationError, match=r"web\.origins"):
        read_settings(None, {}, {"web": {"origins": [origin]}})


NAVIGATION = [(b"sec-fetch-site", b"cross-site"), (b"sec-fetch-mode", b"navigate"), (b"accept", b"text/html")]


async def test_the_hop_is_one_page_to_the_same_address(site: Site) -> None:
    for path in ("/account", "/account/sessions", "/sign-in", "/sign-in?return_to=%2Faccount", "/admin?q=a%26b&x=%22"):
        answer = await ask(site.auth.app, "GET", path, headers=NAVIGATION)
        assert answer.status == 200
        shown = path.replace("&", "&amp;")
        assert f'<meta http-equiv="refresh" content="0; url={shown}">'.encode() in answer.body, answer.body
        assert "location" not in answer.headers
        # What follows is our own request: no second hop.
        again = await ask(site.auth.app, "GET", path, headers=[(b"sec-fetch-site", b"same-origin"), *NAVIGATION[1:]])
        assert b"http-equiv" not in again.body


async def test_no_hop_where_none_is_needed(site: Site) -> None:
    cookie = await signed_in(site)
    for headers in (
        [*NAVIGATION, cookie],
        [(b"sec-fetch-site", b"same-site"), *NAVIGATION[1:]],
        [(b"sec-fetch-site", b"none"), *NAVIGATION[1:]],
        [NAVIGATION[0], (b"sec-fetch-mode", b"no-cors")],
        [NAVIGATION[0], (b"sec-fetch-mode", b"cors")],
        [],
    ):
        answer = await ask(site.auth.app, "GET", "/account", headers=headers)
        assert b"http-equiv" not in answer.body
    posted = await ask(site.auth.app, "POST", "/sign-in", headers=[*NAVIGATION, (b"content-type", b"text/plain")])
    assert posted.status == 403


async def test_the_hop_leaks_nothing_of_who_is_signed_in(site: Site) -> None:
    """An ended session's cookie is there, so there is no hop; without a cookie the hop is the same for everybody."""
    answer = await ask(site.auth.app, "GET", "/account", headers=[*NAVIGATION, (b"cookie", b"__Host-coatcheck=ended")])
    assert answer.headers["location"] == "/sign-in?return_to=%2Faccount"
    assert "__Host-coatcheck=; Max-Age=0" in answer.headers["set-cookie"]
