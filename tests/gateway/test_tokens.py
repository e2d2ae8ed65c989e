"""Gateway tokens are kept for half their life, and never longer than what they say is true."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from coatcheck.access.names import ADMIN
from coatcheck.admin.roles import create_role, grant_role, revoke_role
from coatcheck.admin.rotate_keys import replace_keys
from coatcheck.ending.end_sessions import end_sessions
from coatcheck.gate.cookie import check_cookie
from coatcheck.gateway import tokens
from coatcheck.gateway.tokens import GatewayTokens
from coatcheck.login.sign_in import Admitted
from coatcheck.login.with_password import step_up_with_password
from coatcheck.secret import Secret
from coatcheck.sessions.seen import Seen
from coatcheck.settings import RevocationSettings
from coatcheck.tokens.access_token import make_access_token
from tests.attacks.workers import another_worker
from tests.gateway.asking import COOKIE, NOTES, ask, bearer, cookie_of, gateway_site, passed_on, token_of
from tests.keys.sites import kids
from tests.site import ORIGIN, PASSWORD, VISIT, Site


async def later(site: Site, **by: float) -> None:
    """Move on, with the log read as a process does four times a second."""
    site.clock.advance(timedelta(**by))
    await site.follow_log()


async def test_it_is_given_again_for_half_its_life(site: Site) -> None:
    client = await cookie_of(site)
    first = token_of(await ask(site, client))
    await later(site, seconds=29)
    assert token_of(await ask(site, client)) == first
    await later(site, seconds=1)
    second = await ask(site, client)
    assert token_of(second) != first
    assert passed_on(second)["exp"] - site.clock.now() // 1000 == 60


async def test_each_service_and_each_session_has_its_own(site: Site) -> None:
    client = await cookie_of(site)
    other = await site.let_in(await site.person("bob@example.org", password=None))
    tokens = [
        token_of(await ask(site, client)),
        token_of(await ask(site, client, host="bills.example.org:8443")),
        token_of(await ask(site, {"cookie": f"{COOKIE}={other.secret.reveal()}"})),
    ]
    assert len(set(tokens)) == 3


async def test_a_role_that_was_given_or_taken_shows_at_once(site: Site) -> None:
    client = await cookie_of(site)
    account = passed_on(await ask(site, client))["sub"]
    await create_role(site.desk, VISIT, role=ADMIN, permissions=["notes:delete"], actor="operator")
    await grant_role(site.desk, VISIT, account=account, role=ADMIN, actor="operator")
    assert passed_on(await ask(site, client))["scope"] == "notes:delete"
    given = passed_on(await ask(site, client))
    await revoke_role(site.desk, VISIT, account=account, role=ADMIN, actor="operator")
    taken = passed_on(await ask(site, client))
    assert "scope" not in taken
    assert "roles" not in taken
    assert taken["status"] != given["status"], "the one with the role is revoked by its index"


async def test_an_ended_session_is_refused_at_once_here(site: Site) -> None:
    client = await cookie_of(site)
    account = passed_on(await ask(site, client))["sub"]
    await end_sessions(site.desk, VISIT, account=account, actor=account)
    answer = await ask(site, client)
    assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")
    assert "authorization" not in answer.headers


async def test_and_in_another_worker_within_the_bound(site: Site) -> None:
    client = await cookie_of(site)
    account = passed_on(await ask(site, client))["sub"]
    session = passed_on(await ask(site, client))["sid"]
    wide = await make_access_token(site.desk, session=session, issuer=ORIGIN, audience=NOTES)
    async with another_worker(site) as other:
        assert (await ask(other, client)).status_code == 200
        assert (await ask(other, bearer(wide.text))).status_code == 200
        await end_sessions(site.desk, VISIT, account=account, actor=account)
        # It has not heard: its memory counts until the bound has passed, and then the database is asked.
        site.clock.advance(RevocationSettings().bound + timedelta(milliseconds=1))
        assert (await ask(other, client)).json()["code"] == "session_ended"
        assert (await ask(other, bearer(wide.text))).json()["code"] == "invalid_token"


async def test_a_worker_that_hears_of_a_role_gives_another_token(site: Site) -> None:
    client = await cookie_of(site)
    async with another_worker(site) as other:
        before = passed_on(await ask(other, client))
        await create_role(site.desk, VISIT, role=ADMIN, permissions=[], actor="operator")
        await grant_role(site.desk, VISIT, account=before["sub"], role=ADMIN, actor="operator")
        await other.follow_log()
        assert passed_on(await ask(other, client))["roles"] == [ADMIN]


async def test_a_session_that_idled_long_gives_a_token_that_counts(tmp_path: Path) -> None:
    """This request is the use that keeps it alive; that it is not written yet must not show in the token."""
    async with gateway_site(tmp_path, sessions={"cookie_idle": "10m"}) as site:
        client = await cookie_of(site)
        await later(site, minutes=9, seconds=50)
        for _ in range(3):
            claims = passed_on(await ask(site, client))
            assert claims["exp"] - site.clock.now() // 1000 > 30
            await later(site, seconds=25)
        await site.desk.keep(Seen).write()


async def test_no_token_is_given_that_has_run_out(tmp_path: Path) -> None:
    """One that was made when the session was about to idle is not kept for the half minute that others are."""
    async with gateway_site(tmp_path, sessions={"cookie_idle": "10m"}) as site:
        session = (await site.let_in(await site.person(password=None))).session.id

        async def by_token() -> dict[str, Any]:
            made = await make_access_token(site.desk, session=session, issuer=ORIGIN, audience=NOTES)
            return passed_on(await ask(site, bearer(made.text)))

        await later(site, minutes=9, seconds=50)
        assert (await by_token())["exp"] - site.clock.now() // 1000 == 10
        site.desk.keep(Seen).note(session)
        await site.desk.keep(Seen).write()
        await later(site, seconds=15)
        assert (await by_token())["exp"] - site.clock.now() // 1000 == 60


async def test_the_end_of_a_session_ends_its_tokens(tmp_path: Path) -> None:
    async with gateway_site(tmp_path, sessions={"cookie_idle": "5m", "cookie_lifetime": "6m"}) as site:
        client = await cookie_of(site)
        await later(site, minutes=4)
        ends = passed_on(await ask(site, client))["iat"] + 120
        await later(site, minutes=1, seconds=50)
        assert passed_on(await ask(site, client))["exp"] == ends
        await later(site, seconds=11)
        assert (await ask(site, client)).json()["code"] == "session_ended"


async def test_what_was_presented_before_a_step_up_gains_nothing_by_it(site: Site) -> None:
    """Ten seconds the old cookie works on, and an old token for its quarter of an hour: at the level they had."""
    secret = (await site.let_in(await site.person())).secret.reveal()
    old = {"cookie": f"{COOKIE}={secret}"}
    before = passed_on(await ask(site, old))
    token = await make_access_token(site.desk, session=before["sid"], issuer=ORIGIN, audience=NOTES)
    await later(site, minutes=10)
    principal = await check_cookie(site.desk, secret)
    stepped_up = await step_up_with_password(site.desk, VISIT, principal, password=PASSWORD)
    assert isinstance(stepped_up, Admitted)
    new = {"cookie": f"{COOKIE}={stepped_up.secret.reveal()}"}
    raised = passed_on(await ask(site, new))
    assert raised["auth_time"] == before["auth_time"] + 600
    for client in (old, bearer(token.text)):
        assert passed_on(await ask(site, client))["auth_time"] == before["auth_time"]
    assert passed_on(await ask(site, new))["auth_time"] == raised["auth_time"]


async def test_a_key_that_leaked_signs_nothing_that_is_given(site: Site) -> None:
    client = await cookie_of(site)
    first = token_of(await ask(site, client))
    await replace_keys(site.desk, VISIT, actor="operator")
    await site.follow_log()
    second = token_of(await ask(site, client))
    assert first.split(".")[0] != second.split(".")[0], "another kid"
    assert len(kids(site)) == 1


async def test_many_at_once_get_tokens_that_count(site: Site) -> None:
    client = await cookie_of(site)
    answers = await asyncio.gather(*(ask(site, client) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert {passed_on(answer)["exp"] for answer in answers} == {site.clock.now() // 1000 + 60}


async def test_it_keeps_a_bounded_number(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_MOST_KEPT", 2)
    clients = [{"cookie": f"{COOKIE}={(await _another(site, number)).reveal()}"} for number in range(4)]
    for client in clients:
        await ask(site, client)
    assert len(site.desk.keep(GatewayTokens)) == 2
    assert len({token_of(await ask(site, client)) for client in [clients[-1], clients[-1]]}) == 1


async def _another(site: Site, number: int) -> Secret:
    return (await site.let_in(await site.person(f"p{number}@example.org", password=None))).secret
