"""Tokens that are bound to a key: where a sign-in proves one, at refresh, and through what lies between."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from coatcheck.audit.show import show
from coatcheck.login.sign_in import Admitted
from coatcheck.login.with_password import step_up_with_password
from coatcheck.storage.tables.tokens import refresh_tokens, used_proofs
from coatcheck.verifier import Principal
from tests.authenticators import with_app
from tests.keys.sites import signing_site
from tests.site import ORIGIN, PASSWORD, VISIT, Site
from tests.tokens.holders import claims_of, is_alive
from tests.tokens.provers import REFRESH, SIGN_IN, Prover, nonce_of


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that signs quickly, with somebody who has an account."""
    async with signing_site(tmp_path) as opened:
        await opened.person()
        yield opened


@pytest.fixture
def app(site: Site) -> Prover:
    """Make an app that holds a key."""
    return Prover(site)


async def bound_to(site: Site, session: str) -> str | None:
    """Give the key that a session's refresh token is bound to."""
    async with site.desk.database.reading() as db:
        query = select(refresh_tokens.c.cnf_jkt).where(refresh_tokens.c.session == session)
        found: str | None = (await db.execute(query)).scalar_one()
    return found


async def used(site: Site) -> int:
    """Count the proofs that are remembered."""
    async with site.desk.database.reading() as db:
        return len((await db.execute(select(used_proofs))).all())


async def is_bound(site: Site, app: Prover, answer: httpx.Response) -> None:
    """Make sure that an answer gives tokens which are bound to the app's key, and the next nonce."""
    given = answer.json()
    assert answer.status_code == 200, answer.text
    assert given["token_type"] == "DPoP"
    assert claims_of(given["access_token"])["cnf"] == {"jkt": app.jkt}
    assert await bound_to(site, given["session"]["id"]) == app.jkt
    assert answer.headers["dpop-nonce"] == nonce_of(site)


async def test_a_sign_in_with_a_proof_gives_bound_tokens(site: Site, app: Prover) -> None:
    answer = await app.sign_in()
    await is_bound(site, app, answer)
    done = (await show(site.desk, account=answer.json()["account"]["id"]))[0]
    assert (done.event, done.details["bound_to"]) == ("sign_in.done", app.jkt)


async def test_without_one_nothing_is_bound(site: Site, app: Prover) -> None:
    body = {"identifier": "ann@example.org", "password": PASSWORD, "present": "tokens"}
    answer = await app.post("/api/sign-in", body)
    given = answer.json()
    assert given["token_type"] == "Bearer"
    assert "cnf" not in claims_of(given["access_token"])
    assert (await bound_to(site, given["session"]["id"]), "dpop-nonce" in answer.headers) == (None, False)
    done = (await show(site.desk, account=given["account"]["id"]))[0]
    assert "bound_to" not in done.details


async def test_the_first_answer_brings_the_nonce(site: Site, app: Prover) -> None:
    asked = await app.sign_in(app.proof(nonce=None))
    assert (asked.status_code, asked.json()["code"]) == (401, "use_dpop_nonce")
    await is_bound(site, app, await app.sign_in(app.proof(nonce=asked.headers["dpop-nonce"])))


@pytest.mark.parametrize("present", ["cookie", "token_cookies"])
async def test_nothing_but_tokens_in_the_answer_can_be_bound(site: Site, app: Prover, present: str) -> None:
    answer = await app.sign_in(present=present)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["present"])
    assert ("set-cookie" in answer.headers, await used(site)) == (False, 0)


async def test_a_refresh_with_a_proof(site: Site, app: Prover) -> None:
    first = (await app.sign_in()).json()
    answer = await app.refresh(first["refresh_token"])
    await is_bound(site, app, answer)
    await is_bound(site, app, await app.refresh(answer.json()["refresh_token"]))


async def test_a_refresh_without_one_changes_nothing(site: Site, app: Prover) -> None:
    first = (await app.sign_in()).json()
    body = {"refresh_token": first["refresh_token"]}
    refused = await app.post("/api/token/refresh", body)
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")
    assert await is_alive(site, first["session"]["id"])
    await is_bound(site, app, await app.refresh(first["refresh_token"]))


async def test_a_refused_proof_says_that_the_token_may_be_good(app: Prover) -> None:
    first = (await app.sign_in()).json()
    refused = await app.refresh(first["refresh_token"], app.proof(REFRESH, htm="GET"))
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_dpop_proof")


async def test_a_lost_answer_is_given_again_days_later(site: Site, app: Prover) -> None:
    first = (await app.sign_in()).json()
    second = (await app.refresh(first["refresh_token"])).json()
    site.clock.advance(timedelta(days=6))
    again = await app.refresh(first["refresh_token"])
    await is_bound(site, app, again)
    assert again.json()["refresh_token"] == second["refresh_token"]
    await is_bound(site, app, await app.refresh(second["refresh_token"]))


async def test_an_unbound_token_stays_unbound(site: Site, app: Prover) -> None:
    """RFC 9449 section 5 lets a server give what is not bound, if `token_type` says so: nothing is bound in silence."""
    body = {"identifier": "ann@example.org", "password": PASSWORD, "present": "tokens"}
    first = (await app.post("/api/sign-in", body)).json()
    second = await app.refresh(first["refresh_token"])
    assert (second.status_code, second.json()["token_type"]) == (200, "Bearer")
    assert "cnf" not in claims_of(second.json()["access_token"])
    assert await bound_to(site, first["session"]["id"]) is None
    third = await app.post("/api/token/refresh", {"refresh_token": second.json()["refresh_token"]})
    assert third.status_code == 200


async def test_the_key_is_kept_between_the_steps(site: Site, app: Prover) -> None:
    begun = await app.post("/api/sign-in", {"identifier": "ann@example.org", "present": "tokens"}, app.proof())
    assert (begun.json()["status"], begun.headers["dpop-nonce"]) == ("more_needed", nonce_of(site))
    body = {"continuation": begun.json()["continuation"], "password": PASSWORD}
    given = (await app.post(f"/api/sign-in/{begun.json()['sign_in']}/password", body)).json()
    assert given["token_type"] == "DPoP"
    assert await bound_to(site, given["session"]["id"]) == app.jkt


async def test_the_key_is_kept_over_a_second_factor(site: Site, app: Prover) -> None:
    ann = await with_app(site, "eve@example.org")
    needed = await app.sign_in(identifier="eve@example.org")
    assert needed.json()["status"] == "more_needed"
    assert await used(site) == 1
    body = {"continuation": needed.json()["continuation"], "code": ann.code(site)}
    given = (await app.post(f"/api/sign-in/{needed.json()['sign_in']}/totp", body)).json()
    assert given["token_type"] == "DPoP"
    assert await bound_to(site, given["session"]["id"]) == app.jkt


async def test_a_step_up_leaves_tokens_bound(site: Site, app: Prover) -> None:
    first = (await app.sign_in()).json()
    principal = Principal(subject=first["account"]["id"], session=first["session"]["id"])
    raised = await step_up_with_password(site.desk, VISIT, principal, password=PASSWORD)
    assert isinstance(raised, Admitted)
    assert raised.is_raised
    await is_bound(site, app, await app.refresh(first["refresh_token"]))


async def test_a_wrong_password_uses_no_proof_up(site: Site, app: Prover) -> None:
    proof = app.proof()
    assert (await app.sign_in(proof, password="three loud spoons sink")).json()["code"] == "invalid_credentials"
    await is_bound(site, app, await app.sign_in(proof))
    assert await used(site) == 1


async def test_below_a_mount_the_address_is_the_whole_one(tmp_path: Path) -> None:
    folder, outer, body = tmp_path / "mounted", Starlette(), {"identifier": "ann@example.org", "password": PASSWORD}
    folder.mkdir()
    async with signing_site(folder, server={"public_url": f"{ORIGIN}/auth"}) as site:
        await site.person()
        site.auth.mount(outer, "/auth")
        app, answers = Prover(site), []
        transport = httpx.ASGITransport(outer, client=("203.0.113.7", 50_000))
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            for url in (f"{ORIGIN}/auth/api/sign-in", SIGN_IN):
                headers = {"dpop": app.proof(url)}
                answers.append(
                    await client.post("/auth/api/sign-in", json={**body, "present": "tokens"}, headers=headers)
                )
        assert answers[0].json()["token_type"] == "DPoP"
        assert answers[1].json()["code"] == "invalid_dpop_proof"
