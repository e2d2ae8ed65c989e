"""Introspection: alive or not, for the service that asks; and never why."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from coatcheck.admin.services import disable_service
from coatcheck.keys.ring import SigningKeys
from coatcheck.keys.sign import sign_jws
from tests.clients.machines import INTROSPECT, MAIL, NOTES, claims_of, keyed_machine, machine, present
from tests.keys.sites import signing_site
from tests.site import ORIGIN, PASSWORD, VISIT, Site
from tests.statements import statements
from tests.tokens.provers import Prover

DEAD = {"active": False}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with signing_site(tmp_path, tokens={"audience": (ORIGIN, NOTES)}) as opened:
        yield opened


async def persons_token(site: Site, audience: str | None = None) -> str:
    """Sign Ann in, and give her access token."""
    body = {"identifier": "ann@example.org", "password": PASSWORD, "present": "tokens"}
    answer = await site.machine().post("/api/sign-in", json={**body, **({"audience": audience} if audience else {})})
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


async def test_a_living_token(site: Site) -> None:
    made = await machine(site)
    token = await made.token()
    claims = claims_of(token)
    assert await made.told(token) == {
        "active": True,
        "token_type": "Bearer",
        "iss": ORIGIN,
        "sub": made.id,
        "aud": ORIGIN,
        "client_id": made.id,
        "exp": claims.exp,
        "iat": claims.iat,
        "jti": claims.jti,
        "scope": "notes:read notes:write",
    }
    answer = await made.ask(INTROSPECT, token=token)
    assert answer.headers["cache-control"] == "no-store"


async def test_a_bound_token_tells_its_key(site: Site) -> None:
    """Whoever asks has no proof of the client's; the answer says which one to ask for, also from memory."""
    await site.person()
    made, app = await machine(site, serves=[NOTES]), Prover(site)
    token = (await app.sign_in()).json()["access_token"]
    for _ in range(3):
        told = await made.told(token)
        assert (told["active"], told["token_type"], told["cnf"]) == (True, "DPoP", {"jkt": app.jkt})


async def test_a_persons_token(site: Site) -> None:
    account = await site.person()
    made = await machine(site)
    token = await persons_token(site)
    told = await made.told(token)
    assert (told["sub"], told["client_id"], told["amr"]) == (account.id, "first-party", ["pwd"])
    assert told["sid"].startswith("ses_")
    await site.machine().post("/api/token/revoke", json={"token": token})
    assert await made.told(token) == DEAD


async def test_it_is_told_to_its_audience_alone(site: Site) -> None:
    await site.person()
    notes, mail = await machine(site, "notes", serves=[NOTES]), await machine(site, "mail", serves=[MAIL, NOTES + "/x"])
    ours, caller = await machine(site, "ours"), await machine(site, "caller", calls=[NOTES])
    narrow, wide = await persons_token(site, NOTES), await persons_token(site)
    service = await caller.token(audience=NOTES)
    assert [await notes.counts(each) for each in (narrow, wide, service)] == [True, True, True]
    assert [await ours.counts(each) for each in (narrow, wide, service)] == [False, True, False]
    assert [await mail.told(each) for each in (narrow, wide, service)] == [DEAD] * 3
    assert await caller.told(service) == DEAD, "not even to whom it was issued: it is for others to ask"


async def test_what_is_not_alive_here(site: Site) -> None:
    made = await machine(site)
    token = await made.token()
    head, payload, signature = token.split(".")
    other = await forged(site, typ="JWT", said=token)
    dead = [
        "x",
        "a.b.c",
        token[:-1],
        f"{head}.{payload}.",
        f"{head}.{payload}.{'A' * len(signature)}",
        other,
        "ccr_" + "a" * 50,
    ]
    assert [await made.told(each) for each in dead] == [DEAD] * len(dead)
    assert await made.told("." * 60_000) == DEAD
    site.clock.advance(timedelta(minutes=15))
    await site.follow_log()
    assert await made.told(token) == DEAD


async def forged(site: Site, *, typ: str, said: str) -> str:
    """Sign what a token says by our own key, as another kind of thing."""
    key = await site.desk.keep(SigningKeys).current()
    return sign_jws(key, typ, msgspec.json.encode(claims_of(said)))


async def test_a_service_may_come_by_a_token_of_its_own(site: Site) -> None:
    made = await machine(site, calls=[NOTES])
    own, asked_about = await made.token(audience=ORIGIN), await (await machine(site, "other")).token()
    assert (await by_token(site, own, asked_about)).json()["active"] is True
    for_others = await by_token(site, await made.token(audience=NOTES), asked_about)
    assert (for_others.status_code, for_others.json()["error"]) == (401, "invalid_token")
    assert for_others.headers["www-authenticate"] == 'Bearer realm="coatcheck", error="invalid_token"'
    assert (await by_token(site, "x.y.z", asked_about)).status_code == 401
    await disable_service(site.desk, VISIT, service=made.id, actor="operator")
    assert (await by_token(site, own, asked_about)).status_code == 401


async def test_a_person_may_not_ask(site: Site) -> None:
    await site.person()
    own, made = await persons_token(site, ORIGIN), await machine(site)
    answer = await by_token(site, own, await made.token())
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    cookie = await site.signed_in()
    assert (await cookie.post(INTROSPECT, data={"token": await made.token()})).status_code == 401


async def test_one_way_alone(site: Site) -> None:
    made = await machine(site)
    own = await made.token()
    answer = await by_token(site, own, own, client_id=made.id, client_secret=made.secret)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def by_token(site: Site, own: str, asked_about: str, **form: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {own}"}
    return await site.machine().post(INTROSPECT, data={"token": asked_about, **form}, headers=headers)


async def test_what_is_asked_without_a_token(site: Site) -> None:
    made = await machine(site)
    for form in ({}, {"token": ""}, {"token_type_hint": "access_token"}):
        answer = await made.ask(INTROSPECT, **form)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    token = await made.token()
    for hint in ("access_token", "refresh_token", "nonsense"):
        assert (await made.ask(INTROSPECT, token=token, token_type_hint=hint)).json()["active"] is True


async def test_a_key_proves_the_one_who_asks_too(site: Site) -> None:
    service, key = await keyed_machine(site)
    token = await (await machine(site)).token()
    answer = await present(site, key.assertion(site, service), INTROSPECT, token=token)
    assert answer.json()["active"] is True


async def test_asking_again_asks_no_database(site: Site) -> None:
    made = await machine(site)
    token = await made.token()
    await made.told(token)
    with statements() as seen:
        assert [await made.counts(token) for _ in range(3)] == [True] * 3
    assert seen == []


async def test_it_goes_by_the_database_when_the_log_is_not_read(site: Site) -> None:
    made, witness = await machine(site), await machine(site, "witness")
    token = await made.token()
    assert await witness.counts(token) is True
    site.clock.advance(timedelta(seconds=5))
    await disable_service(site.desk, VISIT, service=made.id, actor="operator")
    assert await witness.counts(token) is False
