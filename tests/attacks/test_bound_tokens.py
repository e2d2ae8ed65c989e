"""Tokens and proofs that were copied, tried by whoever has them and not the key: nothing comes of it, nothing ends."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from coatcheck.audit.show import show
from coatcheck.storage.tables.tokens import refresh_tokens, used_proofs
from coatcheck.storage.tidy import tidy
from coatcheck.tokens.proof import KEPT_FOR
from tests.attacks.workers import another_worker
from tests.keys.sites import signing_site
from tests.site import ORIGIN, PASSWORD, Site
from tests.tokens.holders import claims_of, is_alive
from tests.tokens.provers import REFRESH, SIGN_IN, SIGN_OUT, Prover, nonce_of


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that signs quickly, with somebody who has an account."""
    async with signing_site(tmp_path) as opened:
        await opened.person()
        yield opened


@pytest.fixture
def app(site: Site) -> Prover:
    """Make the owner's app, which holds a key."""
    return Prover(site)


@pytest.fixture
def thief(app: Prover) -> Prover:
    """Make somebody who holds another key."""
    return Prover(app.site, app.another_key())


async def family(site: Site, session: str) -> Any:
    """Give what is kept of a session's refresh tokens."""
    async with site.desk.database.reading() as db:
        return (await db.execute(select(refresh_tokens).where(refresh_tokens.c.session == session))).one()


def refused(answer: httpx.Response, code: str) -> None:
    """Make sure that an answer is a refusal without anything in it."""
    assert (answer.status_code, answer.json()["code"]) == (401, code), answer.text
    assert "ccr_" not in answer.text


# What is wrong with a proof, and as what it is refused; the first of each is told of the nonce's place.
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "for another method": ({"htm": "GET"}, "invalid_dpop_proof"),
    "for another address": ({"htu": f"{ORIGIN}/api/session"}, "invalid_dpop_proof"),
    "for another host": ({"htu": "https://evil.example/api/token/refresh"}, "invalid_dpop_proof"),
    "for a token": ({"ath": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"}, "invalid_dpop_proof"),
    "from the future": ({"ahead": 31}, "invalid_dpop_proof"),
    "too old": ({"ahead": -61}, "invalid_dpop_proof"),
    "without a nonce": ({"nonce": None}, "use_dpop_nonce"),
    "with a nonce of nobody": ({"nonce": "AAAAAAAAAAAAAAAAAAAAAA"}, "use_dpop_nonce"),
    "without an id": ({"jti": None}, "invalid_dpop_proof"),
}


def wrong_proof(app: Prover, url: str, changes: dict[str, Any]) -> str:
    """Make a proof that is wrong in one way."""
    claims = dict(changes)
    if "ahead" in claims:
        claims["iat"] = app.site.clock.now() // 1000 + claims.pop("ahead")
    return app.proof(url, **claims)


@pytest.mark.parametrize("what", WRONG)
async def test_a_wrong_proof_signs_nobody_in(app: Prover, what: str) -> None:
    changes, code = WRONG[what]
    refused(await app.sign_in(wrong_proof(app, SIGN_IN, changes)), code)


@pytest.mark.parametrize("what", WRONG)
async def test_a_wrong_proof_refreshes_nothing(site: Site, app: Prover, what: str) -> None:
    changes, code = WRONG[what]
    held = (await app.sign_in()).json()
    before = await family(site, held["session"]["id"])
    refused(await app.refresh(held["refresh_token"], wrong_proof(app, REFRESH, changes)), code)
    assert await family(site, held["session"]["id"]) == before
    assert (await app.refresh(held["refresh_token"])).status_code == 200


async def test_an_old_nonce_is_replaced(site: Site, app: Prover) -> None:
    old = nonce_of(site)
    held = (await app.sign_in()).json()
    site.clock.advance(timedelta(minutes=10))
    answer = await app.refresh(held["refresh_token"], app.proof(REFRESH, nonce=old))
    refused(answer, "use_dpop_nonce")
    assert answer.headers["dpop-nonce"] == nonce_of(site) != old
    assert (await app.refresh(held["refresh_token"])).status_code == 200


async def test_two_proofs_are_none(app: Prover) -> None:
    refused(await app.sign_in(f"{app.proof()}, {app.proof()}"), "invalid_dpop_proof")


async def test_a_proof_of_another_key(site: Site, app: Prover, thief: Prover) -> None:
    """Who copied the storage of a browser has the token, and not the key."""
    held = (await app.sign_in()).json()
    before = await family(site, held["session"]["id"])
    refused(await thief.refresh(held["refresh_token"]), "invalid_token")
    assert await family(site, held["session"]["id"]) == before
    assert (await app.refresh(held["refresh_token"])).status_code == 200


@pytest.mark.parametrize("age", [0, 1, 2])
async def test_as_a_plain_token(site: Site, app: Prover, age: int) -> None:
    """An old copy too: a thief who sends it must not end the session either."""
    held = [(await app.sign_in()).json()]
    for _ in range(2):
        site.clock.advance(timedelta(minutes=1))
        held.append((await app.refresh(held[-1]["refresh_token"])).json())
    before = await family(site, held[0]["session"]["id"])
    refused(await app.post("/api/token/refresh", {"refresh_token": held[age]["refresh_token"]}), "invalid_token")
    assert await family(site, held[0]["session"]["id"]) == before
    assert (await app.refresh(held[-1]["refresh_token"])).status_code == 200


async def test_a_proof_sent_again_at_the_sign_in(site: Site, app: Prover) -> None:
    proof = app.proof()
    ann = (await app.sign_in(proof)).json()["account"]["id"]
    refused(await app.sign_in(proof), "invalid_dpop_proof")
    told = [entry.event for entry in await show(site.desk, account=ann)]
    assert told[:2] == ["sign_in.refused", "sign_in.done"], "a right password is not tried in secret"
    async with another_worker(site) as other:
        refused(await Prover(other).sign_in(proof), "invalid_dpop_proof")


async def test_a_proof_sent_again_at_a_beginning(site: Site, app: Prover) -> None:
    proof, body = app.proof(), {"identifier": "ann@example.org", "present": "tokens"}
    assert (await app.post("/api/sign-in", body, proof)).json()["status"] == "more_needed"
    refused(await app.post("/api/sign-in", body, proof), "invalid_dpop_proof")
    refused(await app.sign_in(proof), "invalid_dpop_proof")


@pytest.mark.parametrize("which", ["the same", "its successor", "an older one"])
async def test_a_proof_sent_again_at_a_refresh(site: Site, app: Prover, which: str) -> None:
    """Sent again as a whole, a request ends nothing: a line that sends it twice must sign nobody out."""
    first = (await app.sign_in()).json()
    site.clock.advance(timedelta(minutes=1))
    second = (await app.refresh(first["refresh_token"])).json()
    proof = app.proof(REFRESH)
    third = (await app.refresh(second["refresh_token"], proof)).json()
    token = {"the same": second, "its successor": third, "an older one": first}[which]["refresh_token"]
    site.clock.advance(timedelta(seconds=30))
    before = await family(site, first["session"]["id"])
    refused(await app.refresh(token, proof), "invalid_dpop_proof")
    async with another_worker(site) as other:
        refused(await Prover(other).refresh(token, proof), "invalid_dpop_proof")
    assert await family(site, first["session"]["id"]) == before
    assert (await app.refresh(third["refresh_token"])).status_code == 200


@pytest.mark.parametrize("ahead", [0, 30])
async def test_a_proof_is_remembered_until_it_counts_no_more(site: Site, app: Prover, ahead: int) -> None:
    """Clean-up does not let it count again, however far its maker's clock is ahead."""
    held = (await app.sign_in()).json()
    proof = app.proof(REFRESH, iat=site.clock.now() // 1000 + ahead)
    held = (await app.refresh(held["refresh_token"], proof)).json()
    for _ in range(int(KEPT_FOR.total_seconds()) // 10 + 12):
        site.clock.advance(timedelta(seconds=10))
        await tidy(site.desk.database, site.desk.now())
        answer = await app.refresh(held["refresh_token"], proof)
        assert (answer.status_code, answer.json()["code"]) in (
            (401, "invalid_dpop_proof"),
            (401, "use_dpop_nonce"),
        )
    async with site.desk.database.reading() as db:
        assert (await db.execute(select(used_proofs))).all() == [], "and then it is forgotten"


async def test_a_stolen_continuation_binds_to_its_owner(app: Prover, thief: Prover) -> None:
    """Who goes on with somebody's sign-in gets what only that somebody can use, whatever key they prove."""
    begun = (await app.post("/api/sign-in", {"identifier": "ann@example.org", "present": "tokens"}, app.proof())).json()
    url, body = f"/api/sign-in/{begun['sign_in']}/password", {"continuation": begun["continuation"]}
    answer = await thief.post(url, {**body, "password": PASSWORD}, thief.proof(f"{ORIGIN}{url}"))
    got = answer.json()
    assert (got["token_type"], claims_of(got["access_token"])["cnf"]) == ("DPoP", {"jkt": app.jkt})
    refused(await thief.refresh(got["refresh_token"]), "invalid_token")


async def test_a_copy_signs_nobody_out_everywhere(site: Site, app: Prover, thief: Prover) -> None:
    """Having a token is enough to end its own session, as for those who find a leaked one, and for no other."""
    held, other = (await app.sign_in()).json(), (await app.sign_in()).json()
    for proof in (None, thief.proof(SIGN_OUT)):
        one = (await app.sign_in()).json()
        body = {"refresh_token": one["refresh_token"], "everywhere": True}
        refused(await thief.post("/api/sign-out", body, proof), "session_ended")
        assert not await is_alive(site, one["session"]["id"])
    body = {"refresh_token": held["refresh_token"], "everywhere": True}
    proof = app.proof(SIGN_OUT)
    refused(await app.post("/api/sign-out", body, app.proof(REFRESH)), "invalid_dpop_proof")
    refused(await app.post("/api/sign-out", body, app.proof(SIGN_OUT, nonce=None)), "use_dpop_nonce")
    assert [await is_alive(site, each["session"]["id"]) for each in (held, other)] == [True, True]
    answer = await app.post("/api/sign-out", body, proof)
    assert (answer.status_code, answer.headers["dpop-nonce"]) == (204, nonce_of(site))
    assert [await is_alive(site, each["session"]["id"]) for each in (held, other)] == [False, False]


@pytest.mark.parametrize("path", ["/api/sign-out", "/api/token/revoke"])
async def test_who_finds_one_may_give_it_back(site: Site, app: Prover, path: str) -> None:
    held, other = (await app.sign_in()).json(), (await app.sign_in()).json()
    name = "refresh_token" if path == "/api/sign-out" else "token"
    proof = app.proof(htm="GET")
    assert (await app.post(path, {name: held["refresh_token"]}, proof)).status_code == 204, "no proof is looked at"
    assert [await is_alive(site, each["session"]["id"]) for each in (held, other)] == [False, True]


async def test_an_unbound_token_is_not_taken_over(site: Site, thief: Prover) -> None:
    """A thief who proves a key of theirs does not make somebody's session their own."""
    body = {"identifier": "ann@example.org", "password": PASSWORD, "present": "tokens"}
    held = (await thief.post("/api/sign-in", body)).json()
    got = (await thief.refresh(held["refresh_token"])).json()
    assert (got["token_type"], (await family(site, held["session"]["id"])).cnf_jkt) == ("Bearer", None)
