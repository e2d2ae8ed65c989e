"""Bound tokens at the gate: the proof is judged by our own address, spent once, and looked at again in its request."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request

from coatcheck.ending.end_sessions import end_session
from coatcheck.errors import NotSignedIn, ProofRefused, TokenRefused
from coatcheck.gate.authenticate import authenticate, whose_to_end
from coatcheck.gate.bearer import check_token
from coatcheck.gate.proof import ProofsHere
from coatcheck.integrations.fastapi import CurrentUser, require
from coatcheck.keys.sign import sign_jws
from coatcheck.revocation.reader import LogReader
from coatcheck.verifier.claims import ANY_KEY
from coatcheck.visit import Asked
from tests.keys.sites import keys_of, signing_site
from tests.site import ORIGIN, VISIT, Site
from tests.tokens.holders import Held, claims_of, let_in
from tests.verifier.proofs import GOOD, bound, jkt_of
from tests.verifier.tokens import as_json

PATH = "/auth/api/session"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that signs quickly."""
    async with signing_site(tmp_path) as opened:
        yield opened


async def given(site: Site, issuer: str = ORIGIN) -> tuple[str, Held]:
    """Give a token that is bound to `GOOD`, and whose it is."""
    held = await let_in(site, await site.person(password=None))
    claims = claims_of(held.access) | {"cnf": {"jkt": jkt_of(GOOD)}}
    place = claims["status"]["status_list"]
    place["uri"] = place["uri"].replace(ORIGIN, issuer)
    return sign_jws(await keys_of(site).current(), "at+jwt", as_json(claims | {"iss": issuer, "aud": issuer})), held


def asked(site: Site, token: str, url: str = f"{ORIGIN}/x", **more: Any) -> Asked:
    """Present a token with a new proof."""
    return Asked(url=url, **{**bound(token, url, at=site.clock.now()), **more})


async def test_what_the_principal_says(site: Site) -> None:
    token, held = await given(site)
    found = await authenticate(site.desk, asked(site, token))
    assert (found.session, found.cnf) == (held.session, jkt_of(GOOD))


async def test_one_request_may_ask_twice_and_no_other_with_its_proof(site: Site) -> None:
    token, _ = await given(site)
    one = asked(site, token, proven={})
    for _ in range(3):
        await authenticate(site.desk, one)
    again = Asked(url=one.url, authorization=one.authorization, dpop=one.dpop, proven={})
    for _ in range(2):
        with pytest.raises(ProofRefused, match="came before"):
            await authenticate(site.desk, again)
    await authenticate(site.desk, one)


async def test_what_one_request_has_proven_is_good_for_what_it_was_judged_by(site: Site) -> None:
    token, _ = await given(site)
    one = asked(site, token, proven={})
    await authenticate(site.desk, one)
    for other in ({"method": "DELETE"}, {"url": f"{ORIGIN}/y"}, {"dpop": f"{one.dpop}x"}):
        changed = Asked(**{**{name: getattr(one, name) for name in one.__struct_fields__}, **other})
        with pytest.raises(ProofRefused):
            await authenticate(site.desk, changed)


async def test_looking_again_later_still_asks_whether_the_token_counts(site: Site) -> None:
    """A stream stays open for longer than a proof lives; its session is looked at each time."""
    token, held = await given(site)
    one = asked(site, token, proven={}, is_use=False)
    principal = await authenticate(site.desk, one)
    site.clock.advance(timedelta(minutes=2))
    await site.follow_log()
    assert await authenticate(site.desk, one) == principal
    await end_session(site.desk, VISIT, account=principal.subject, session=held.session, actor="operator")
    with pytest.raises(TokenRefused):
        await authenticate(site.desk, one)


async def test_of_fifty_requests_with_one_proof_one_counts(site: Site) -> None:
    token, _ = await given(site)
    site.desk.keep(LogReader)
    one = asked(site, token)
    outcomes = await asyncio.gather(*(authenticate(site.desk, one) for _ in range(50)), return_exceptions=True)
    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, ProofRefused) for outcome in outcomes) == 49


async def test_a_bound_token_in_a_cookie_is_refused(site: Site) -> None:
    """No such cookie is ever set; a proof that stands beside it makes it no better."""
    token, _ = await given(site)
    cookie = Asked(url=f"{ORIGIN}/x", cookies=f"__Host-coatcheck-access={token}")
    with pytest.raises(TokenRefused, match="bound"):
        await authenticate(site.desk, cookie)
    beside = bound(token, cookie.url, at=site.clock.now())["dpop"]
    with pytest.raises(TokenRefused, match="bound"):
        await authenticate(site.desk, Asked(url=cookie.url, cookies=cookie.cookies, dpop=beside))
    assert await whose_to_end(site.desk, cookie) is None


async def test_no_websocket_is_opened_by_a_bound_token(site: Site) -> None:
    token, _ = await given(site)
    with pytest.raises(TokenRefused, match="socket ticket"):
        await authenticate(site.desk, asked(site, token, websocket=True))
    async with site.machine() as client:
        url = f"{ORIGIN}/api/socket-ticket"
        headers = bound(token, url, at=site.clock.now(), htm="POST")
        assert (await client.post(url, headers=headers)).status_code == 200


async def test_the_gate_goes_by_its_own_name_and_not_by_the_hosts(site: Site) -> None:
    token, _ = await given(site)
    evil = bound(token, "https://evil.example/x", at=site.clock.now())
    with pytest.raises(ProofRefused, match="another address"):
        await authenticate(site.desk, Asked(url="https://evil.example/x", **evil))
    ours = bound(token, f"{ORIGIN}/x", at=site.clock.now())
    behind_a_proxy = await authenticate(site.desk, Asked(url="http://10.0.0.7:8400/x", **ours))
    assert behind_a_proxy.cnf == jkt_of(GOOD), "which ends TLS, and has a name of its own for us"


async def test_whoever_is_told_of_a_token_needs_no_proof(site: Site) -> None:
    token, held = await given(site)
    checked = await check_token(site.desk, token, issuer=ORIGIN, audience=None, proven_key=ANY_KEY)
    assert checked.principal.session == held.session
    with pytest.raises(TokenRefused):
        await check_token(site.desk, token, issuer=ORIGIN, audience=None)
    with pytest.raises(NotSignedIn):
        await authenticate(site.desk, Asked(url=f"{ORIGIN}/x", authorization=f"DPoP {token}", dpop="*"))


MOUNTED = {
    "at the root": (ORIGIN, "", "/api/session", "/api/session"),
    "with a slash at its end": (f"{ORIGIN}/", "", "/api/session", "/api/session"),
    "under a mount": (f"{ORIGIN}/auth", "/auth", PATH, PATH),
    "behind a proxy that takes the mount away": (f"{ORIGIN}/auth", "", "/api/session", PATH),
    "with a query": (ORIGIN, "", "/api/session?page=2&x=%2F", "/api/session"),
    "encoded": (ORIGIN, "", "/api/sessio%6e", "/api/session"),
}


@pytest.mark.parametrize("how", MOUNTED)
async def test_the_address_as_its_client_wrote_it(tmp_path: Path, how: str) -> None:
    public_url, root, sent, addressed = MOUNTED[how]
    async with signing_site(tmp_path, server={"public_url": public_url}) as site:
        token, _ = await given(site, public_url.rstrip("/"))
        transport = httpx.ASGITransport(site.auth.app, root_path=root)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            for right in (f"{ORIGIN}{addressed}", f"{ORIGIN}{sent}" if "proxy" not in how else f"{ORIGIN}{addressed}"):
                answer = await client.get(sent, headers=bound(token, right, at=site.clock.now()))
                assert answer.status_code == 200, answer.text
            wrong = bound(token, f"{ORIGIN}/other", at=site.clock.now())
            assert (await client.get(sent, headers=wrong)).json()["code"] == "invalid_dpop_proof"


async def test_a_path_is_not_decoded_before_it_is_compared(site: Site) -> None:
    token, _ = await given(site)
    sent = f"{ORIGIN}/api/sessions/ses_a%40b"
    async with site.machine() as client:
        for htu, is_right in ((sent, True), (f"{ORIGIN}/api/sessions/ses_a@b", False)):
            headers = bound(token, htu, at=site.clock.now(), htm="DELETE")
            answer = await client.delete(sent, headers=headers)
            assert (answer.status_code != 401) is is_right, answer.text
            assert is_right or answer.json()["code"] == "invalid_dpop_proof"


async def test_our_own_routes_may_ask_twice(site: Site) -> None:
    """A page asks who may see it, and again whom to greet."""
    token, _ = await given(site)
    async with site.machine() as client:
        answer = await client.get("/account", headers=bound(token, f"{ORIGIN}/account", at=site.clock.now()))
    assert answer.status_code == 200
    assert "/sign-out" in answer.text


async def test_on_this_machine_by_the_name_that_the_token_has_for_it(tmp_path: Path) -> None:
    here = "http://localhost:8400"
    async with signing_site(tmp_path, server={"public_url": None}) as site:
        token, _ = await given(site, here)
        transport = httpx.ASGITransport(site.auth.app, client=("127.0.0.1", 50_000))
        async with httpx.AsyncClient(transport=transport, base_url=here) as client:
            good = bound(token, f"{here}/api/session", at=site.clock.now())
            assert (await client.get("/api/session", headers=good)).status_code == 200
            for elsewhere in ("http://localhost:9999", "http://127.0.0.1:8400", "https://localhost:8400"):
                headers = bound(token, f"{elsewhere}/api/session", at=site.clock.now())
                forged = {**headers, "host": elsewhere.partition("://")[2]}
                assert (await client.get("/api/session", headers=forged)).json()["code"] == "invalid_dpop_proof"


async def test_an_app_around_us_asks_in_the_middleware_and_in_the_route(tmp_path: Path) -> None:
    async with signing_site(tmp_path, server={"public_url": f"{ORIGIN}/auth"}) as site:
        app = FastAPI()
        site.auth.mount(app, "/auth")

        @app.get("/notes/{name:path}", dependencies=[require(acr="aal1")])
        async def notes(request: Request, name: str, me: CurrentUser) -> dict[str, str]:
            return {"name": name, "who": me.subject}

        token, _ = await given(site, f"{ORIGIN}/auth")
        url = f"{ORIGIN}/notes/caf%C3%A9%2Fmenu?x=1"
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://10.0.0.7") as client:
            headers = bound(token, url, at=site.clock.now())
            answer = await client.get("/notes/caf%C3%A9%2Fmenu?x=1", headers=headers)
            assert answer.status_code == 200, answer.text
            assert answer.json()["name"] == "café/menu"
            assert (await client.get("/notes/caf%C3%A9%2Fmenu?x=1", headers=headers)).status_code == 401
            other = bound(token, f"{ORIGIN}/notes/caf%C3%A9/menu", at=site.clock.now())
            assert (await client.get("/notes/caf%C3%A9%2Fmenu", headers=other)).status_code == 401
            assert len(site.desk.keep(ProofsHere)._seen) == 1
