"""The contract of all integrations: one table of requests, asked of one little app in every framework."""

from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from coatcheck.clock import SystemClock
from coatcheck.errors import CoatcheckError, CrossSiteRefused, FreshSignInNeeded, NotAllowed, NotSignedIn, SessionEnded
from coatcheck.errors import TokenRefused as Refused
from coatcheck.integrations import asgi
from coatcheck.testing.authenticator import FixedAuthenticator
from coatcheck.verifier import Asked, Principal
from tests.integrations.apps import ON_ASGI, ON_WSGI, WITH_SOCKETS, app_of
from tests.integrations.callers import Headers, upgrade

COOKIE = "__Host-coatcheck=ann's"
ANN = Principal(
    subject="acc_ann",
    session="ses_ann",
    roles=frozenset({"editor"}),
    permissions=frozenset({"notes:delete"}),
    acr="aal2",
)
BOB = Principal(subject="acc_bob", session="ses_bob")
KIM = Principal(subject="acc_kim", session="ses_kim", amr=("swk", "user"))
NARROW = replace(ANN, scopes=frozenset())
MACHINE = Principal(subject="svc_m", permissions=frozenset({"notes:delete"}))
GONE = Principal(subject="acc_gone", session="ses_gone")
BEARER = 'Bearer realm="coatcheck"'


def bearer(token: str) -> tuple[str, str]:
    return ("authorization", f"Bearer {token}")


def authenticator() -> FixedAuthenticator:
    """Ann has proved herself just now, whenever that is in a long run of tests; Bob an hour ago."""
    now = SystemClock().now()
    ann, bob = replace(ANN, auth_time=now), replace(BOB, auth_time=now - 3_600_000)
    made = FixedAuthenticator(
        {"ann": ann, "bob": bob, "kim": KIM, "narrow": NARROW, "machine": MACHINE, "gone": GONE, "old": ann},
        cookies={"ann's": ann},
    )
    made.end(GONE)
    made.move("old")
    return made


@dataclass(frozen=True)
class Case:
    """Ask something, and say what must come back: who was let in, or the refusal and its challenge."""

    method: str
    path: str
    headers: Headers
    expected: str | type[CoatcheckError]
    challenge: str | None = None


CASES = {
    "nobody": Case("GET", "/me", [], NotSignedIn, BEARER),
    "nobody, demanded": Case("DELETE", "/delete", [], NotSignedIn, BEARER),
    "good token": Case("GET", "/me", [bearer("ann")], "acc_ann"),
    "good token, unsafe": Case("POST", "/me", [bearer("ann"), ("sec-fetch-site", "cross-site")], "acc_ann"),
    "scheme in small letters": Case("GET", "/me", [("authorization", "bearer ann")], "acc_ann"),
    "bad token": Case("GET", "/me", [bearer("nonsense")], Refused, 'error="invalid_token"'),
    "empty header": Case("GET", "/me", [("authorization", "")], Refused, 'error="invalid_token"'),
    "another scheme": Case("GET", "/me", [("authorization", "Basic YTpi")], Refused, 'error="invalid_token"'),
    "ended session": Case("GET", "/me", [bearer("gone")], SessionEnded, 'error="invalid_token"'),
    "moved session": Case("GET", "/me", [bearer("old")], Refused, 'error="invalid_token"'),
    "bad token beside a good cookie": Case("GET", "/me", [bearer("nonsense"), ("cookie", COOKIE)], Refused, BEARER),
    "two tokens": Case("GET", "/me", [bearer("ann"), bearer("ann")], Refused, 'error="invalid_token"'),
    "two tokens, the first bad": Case("GET", "/me", [bearer("bad"), bearer("ann")], Refused, 'error="invalid_token"'),
    "two tokens in one line": Case("GET", "/me", [("authorization", "Bearer ann, Bearer ann")], Refused, BEARER),
    "role held": Case("GET", "/editors", [bearer("ann")], "acc_ann"),
    "role lacking": Case("GET", "/editors", [bearer("bob")], NotAllowed, None),
    "role of which a part may be used": Case("GET", "/editors", [bearer("narrow")], NotAllowed, None),
    "permission held": Case("DELETE", "/delete", [bearer("ann")], "acc_ann"),
    "permission of a service": Case("DELETE", "/delete", [bearer("machine")], "svc_m"),
    "permission lacking": Case("DELETE", "/delete", [bearer("bob")], NotAllowed, 'scope="notes:delete"'),
    "permission out of scope": Case("DELETE", "/delete", [bearer("narrow")], NotAllowed, 'error="insufficient_scope"'),
    "fresh proof": Case("POST", "/fresh", [bearer("ann")], "acc_ann"),
    "stale proof": Case("POST", "/fresh", [bearer("bob")], FreshSignInNeeded, 'max_age="300"'),
    "never fresh": Case("POST", "/fresh", [bearer("machine")], FreshSignInNeeded, "insufficient_user_authentication"),
    "level reached": Case("GET", "/strong", [bearer("ann")], "acc_ann"),
    "level below": Case("GET", "/strong", [bearer("bob")], FreshSignInNeeded, 'acr_values="aal2"'),
    "a method that resists phishing": Case("GET", "/resistant", [bearer("kim")], "acc_kim"),
    "a level and no such method": Case("GET", "/resistant", [bearer("ann")], FreshSignInNeeded, 'acr_values="phr"'),
    "cookie": Case("GET", "/me", [("cookie", COOKIE)], "acc_ann"),
    "cookie, our own page": Case("POST", "/me", [("cookie", COOKIE), ("sec-fetch-site", "same-origin")], "acc_ann"),
    "cookie, another site": Case(
        "POST", "/me", [("cookie", COOKIE), ("sec-fetch-site", "cross-site")], CrossSiteRefused, None
    ),
    "cookie, a subdomain": Case(
        "POST", "/me", [("cookie", COOKIE), ("sec-fetch-site", "same-site")], CrossSiteRefused, None
    ),
    "cookie, another origin": Case(
        "POST", "/me", [("cookie", COOKIE), ("origin", "https://evil.example")], CrossSiteRefused, None
    ),
    "cookie, twice": Case("GET", "/me", [("cookie", f"{COOKIE}; {COOKIE}")], NotSignedIn, BEARER),
    "cookie of an ended session": Case("GET", "/me", [("cookie", "__Host-coatcheck=gone")], SessionEnded, BEARER),
    "variants of the header's name": Case(
        "GET",
        "/me",
        [("authorization_", "Bearer ann"), ("x-authorization", "Bearer ann"), ("proxy-authorization", "Bearer ann")],
        NotSignedIn,
        BEARER,
    ),
    "a principal in a header": Case(
        "GET", "/me", [("coatcheck.principal", "acc_ann"), ("coatcheck-principal", "acc_ann")], NotSignedIn, BEARER
    ),
    "a forwarded host": Case(
        "POST",
        "/me",
        [("cookie", COOKIE), ("origin", "https://evil.example"), ("x-forwarded-host", "evil.example")],
        CrossSiteRefused,
        None,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("framework", [*ON_ASGI, *ON_WSGI])
async def test_the_same_answer_everywhere(framework: str, case: Case) -> None:
    answer = await app_of(framework, authenticator())(case.method, case.path, case.headers)
    if isinstance(case.expected, str):
        assert (answer.status, answer.document) == (200, {"subject": case.expected}), answer.body
        return
    error = case.expected
    assert answer.document == {
        "type": f"urn:coatcheck:{error.code}",
        "code": error.code,
        "status": error.status,
        "title": error.says,
    }
    assert answer.status == error.status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["cache-control"] == "no-store"
    if case.challenge is None:
        assert "www-authenticate" not in answer.headers
    else:
        assert case.challenge in answer.headers["www-authenticate"]


@pytest.mark.parametrize("framework", [*ON_ASGI, *ON_WSGI])
async def test_head_is_refused_without_a_body(framework: str) -> None:
    call = app_of(framework, authenticator())
    refused = await call("HEAD", "/me", [])
    assert (refused.status, refused.headers["www-authenticate"]) == (
        401,
        f'{BEARER}, DPoP algs="ES256 EdDSA RS256 PS256"',
    )
    assert (await call("HEAD", "/me", [bearer("ann")])).status == 200


async def test_plain_asgi_sends_no_body_to_head() -> None:
    """Frameworks and servers leave it out themselves; a middleware cannot know what stands around it."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await asgi.refuse({"type": "http", "method": "HEAD"}, send, NotSignedIn())
    assert [message.get("body") for message in sent] == [None, b""]


class Careless(FixedAuthenticator):
    """Read the first of two tokens, as a careless authenticator of somebody's own would."""

    def authenticate_sync(self, asked: Asked) -> Principal:
        first = (asked.authorization or "").partition(",")[0]
        return super().authenticate_sync(Asked(authorization=first))


@pytest.mark.parametrize("framework", [*ON_ASGI, *ON_WSGI])
async def test_two_tokens_reach_no_authenticator(framework: str) -> None:
    """Attack: a proxy checks one of two `Authorization` headers, and the app behind it takes the other one."""
    call = app_of(framework, Careless({"ann": ANN}))
    assert (await call("GET", "/me", [bearer("ann")])).status == 200
    for headers in ([bearer("ann"), bearer("bob")], [("authorization", "Bearer ann,Bearer bob")]):
        assert (await call("GET", "/me", headers)).document["code"] == "invalid_token"


@pytest.mark.parametrize(
    ("scheme", "url"), [("ws", "http://localhost:8400/x?a=1"), ("wss", "https://localhost:8400/x?a=1")]
)
def test_a_socket_is_of_the_origin_of_its_page(scheme: str, url: str) -> None:
    scope = {"type": "websocket", "scheme": scheme, "path": "/x", "query_string": b"a=1"}
    asked = asgi.asked_of({**scope, "headers": [(b"host", b"localhost:8400")]})
    assert (asked.url, asked.method, asked.websocket) == (url, "GET", True)


@pytest.mark.parametrize("framework", [*ON_ASGI, *ON_WSGI])
async def test_an_underscore_never_makes_another_site_ours(framework: str) -> None:
    """A header `Sec_Fetch_Site` falls onto the browser's own `Sec-Fetch-Site` in a WSGI environment."""
    site = [("sec_fetch_site", "same-origin"), ("sec-fetch-site", "cross-site")]
    headers = [("cookie", COOKIE), ("origin", "https://evil.example"), *site]
    answer = await app_of(framework, authenticator())("POST", "/me", headers)
    assert (answer.status, answer.document["code"]) == (403, "cross_site_refused")


@pytest.mark.parametrize("documents", [True, False])
@pytest.mark.parametrize("framework", WITH_SOCKETS)
async def test_a_websocket_is_refused_before_it_is_accepted(framework: str, documents: bool) -> None:
    app = ON_ASGI[framework](authenticator())
    refusals: dict[str, tuple[Headers, type[CoatcheckError]]] = {
        "/socket": ([], NotSignedIn),
        "/editors-socket": ([bearer("bob")], NotAllowed),
    }
    for path, (headers, error) in refusals.items():
        first, *_ = await upgrade(app, path, headers, documents=documents)
        assert first in (
            {"type": "websocket.close", "code": 4000 + error.status, "reason": error.code},
            {"type": "websocket.http.response.start", "status": error.status, "headers": first.get("headers")},
        )
        if documents and framework != "litestar":
            assert first["type"] == "websocket.http.response.start"


@pytest.mark.parametrize("framework", WITH_SOCKETS)
async def test_a_websocket_with_a_cookie_must_come_from_our_origin(framework: str) -> None:
    app = ON_ASGI[framework](authenticator())
    cookie = ("cookie", COOKIE)
    own: list[Any] = await upgrade(app, "/socket", [cookie, ("origin", "https://app.example.org")], documents=False)
    assert own[0]["type"] == "websocket.accept"
    foreign = await upgrade(app, "/socket", [cookie, ("origin", "https://evil.example")], documents=False)
    assert (foreign[0]["type"], foreign[0]["code"]) == ("websocket.close", 4403)
    elsewhere = [bearer("ann"), ("origin", "https://evil.example")]
    token: list[Any] = await upgrade(app, "/socket", elsewhere, documents=False)
    assert token[0]["type"] == "websocket.accept"
    twice = await upgrade(app, "/socket", [bearer("ann"), bearer("ann")], documents=False)
    assert twice[0]["code"] == 4401
