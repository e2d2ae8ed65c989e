"""A service takes its own tokens back, and nobody else's."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coatcheck.admin.service_credentials import rotate_secret
from coatcheck.audit.show import show
from tests.clients.machines import INTROSPECT, REVOKE, Machine, machine
from tests.keys.sites import signing_site
from tests.site import PASSWORD, VISIT, Site
from tests.tokens.provers import Prover


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with signing_site(tmp_path) as opened:
        yield opened


async def test_its_tokens_are_refused_and_it_gets_others(site: Site) -> None:
    made, witness = await machine(site), await machine(site, "witness")
    tokens = [await made.token() for _ in range(3)]
    answer = await made.ask(REVOKE, token=tokens[0])
    assert (answer.status_code, answer.content) == (200, b"")
    assert [await witness.counts(token) for token in tokens] == [False] * 3, "all of the same credential"
    assert await witness.counts(await made.token()) is True
    assert len(await show(site.desk, event="service.tokens_revoked")) == 1


async def test_the_tokens_of_its_other_credential_stay(site: Site) -> None:
    made = await machine(site)
    secret = await rotate_secret(site.desk, VISIT, service=made.id, actor="operator")
    assert secret is not None
    other = Machine(site, made.id, secret.reveal())
    mine, others = await made.token(), await other.token()
    assert (await other.ask(REVOKE, token=mine)).status_code == 200
    assert [await made.counts(token) for token in (mine, others)] == [False, True]


async def test_what_is_not_alive_is_no_error(site: Site) -> None:
    made = await machine(site)
    token = await made.token()
    for each in (token, token, "x", token[:-1], "ccr_" + "a" * 50):
        assert (await made.ask(REVOKE, token=each)).status_code == 200
    assert len(await show(site.desk, event="service.tokens_revoked")) == 1
    for form in ({}, {"token": ""}):
        answer = await made.ask(REVOKE, **form)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_it_ends_nothing_of_others(site: Site) -> None:
    await site.person()
    made, other = await machine(site), await machine(site, "other")
    body = {"identifier": "ann@example.org", "password": PASSWORD, "present": "tokens"}
    signed_in = (await site.machine().post("/api/sign-in", json=body)).json()
    theirs = [await other.token(), signed_in["access_token"]]
    for token in theirs:
        answer = await made.ask(REVOKE, token=token)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert (await made.ask(REVOKE, token=signed_in["refresh_token"])).status_code == 200
    assert [await made.counts(token) for token in theirs] == [True, True]
    again = {"refresh_token": signed_in["refresh_token"]}
    assert (await site.machine().post("/api/token/refresh", json=again)).status_code == 200


async def test_a_persons_bound_token_is_not_for_it_either(site: Site) -> None:
    await site.person()
    made, app = await machine(site), Prover(site)
    answer = await made.ask(REVOKE, token=(await app.sign_in()).json()["access_token"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_by_a_token_of_its_own(site: Site) -> None:
    made = await machine(site)
    own = await made.token()
    headers = {"authorization": f"Bearer {own}"}
    assert (await site.machine().post(REVOKE, data={"token": own}, headers=headers)).status_code == 200
    assert (await site.machine().post(INTROSPECT, data={"token": own}, headers=headers)).status_code == 401
