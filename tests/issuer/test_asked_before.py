"""What was answered before is told again only while all that it rests on counts."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from coatcheck.admin.services import disable_service
from coatcheck.gate.bearer import CheckedTokens
from coatcheck.gate.hot import HotCall
from coatcheck.issuer import asked_before
from coatcheck.issuer.asked_before import AskedBefore, question_of
from coatcheck.revocation.reader import LogReader
from coatcheck.visit import Asked, Visit
from tests.clients.machines import INTROSPECT, REVOKE, Machine, claims_of, keyed_machine, machine, present
from tests.keys.sites import signing_site
from tests.site import ORIGIN, PASSWORD, VISIT, Site
from tests.statements import statements

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with signing_site(tmp_path) as opened:
        yield opened


def kept(site: Site) -> int:
    return len(site.desk.keep(AskedBefore))


async def asked_twice(site: Site) -> tuple[Machine, Machine, str]:
    """Give who asks, whose token it is, and the token, which is told from memory the next time."""
    asker, owner = await machine(site, "asker"), await machine(site, "owner")
    token = await owner.token()
    assert [await asker.counts(token) for _ in range(2)] == [True, True]
    assert kept(site) == 1
    return asker, owner, token


async def test_it_is_told_again_in_the_same_words(site: Site) -> None:
    asker, _, token = await asked_twice(site)
    with statements() as seen:
        first, second = [await asker.ask(INTROSPECT, token=token) for _ in range(2)]
    assert (seen, kept(site)) == ([], 1)
    assert first.content == second.content
    assert first.json()["jti"] == claims_of(token).jti
    assert first.headers["cache-control"] == second.headers["cache-control"] == "no-store"


async def test_a_token_that_was_taken_back_is_dead_at_once(site: Site) -> None:
    asker, owner, token = await asked_twice(site)
    await owner.ask(REVOKE, token=token)
    assert await asker.counts(token) is False


async def test_a_persons_token_that_was_taken_back_is_dead_at_once(site: Site) -> None:
    await site.person()
    asker, person = await machine(site), site.machine()
    body = {"identifier": "ann@example.org", "password": PASSWORD, "present": "tokens"}
    token = (await person.post("/api/sign-in", json=body)).json()["access_token"]
    assert [await asker.counts(token) for _ in range(2)] == [True, True]
    assert kept(site) == 1
    await person.post("/api/token/revoke", json={"token": token})
    assert await asker.counts(token) is False, "nothing was forgotten: it is the bit that says so"


async def test_a_service_that_was_disabled_is_told_nothing(site: Site) -> None:
    asker, _, token = await asked_twice(site)
    await disable_service(site.desk, VISIT, service=asker.id, actor="operator")
    assert (await asker.ask(INTROSPECT, token=token)).status_code == 401


async def test_a_token_runs_out(site: Site) -> None:
    asker, _, token = await asked_twice(site)
    site.desk.keep(LogReader).fresh_until = float("inf")
    site.clock.advance(timedelta(milliseconds=claims_of(token).exp * 1000 - site.desk.now() - 1))
    assert await asker.counts(token) is True
    site.clock.advance(timedelta(milliseconds=1))
    assert await asker.counts(token) is False


async def test_it_goes_by_the_database_when_the_log_is_not_read(site: Site) -> None:
    asker, owner, token = await asked_twice(site)
    site.clock.advance(timedelta(seconds=5))
    await disable_service(site.desk, VISIT, service=owner.id, actor="operator")
    assert await asker.counts(token) is False


async def test_a_token_is_checked_anew_when_the_keys_may_have_changed(site: Site) -> None:
    asker, _, token = await asked_twice(site)
    tokens = site.desk.keep(CheckedTokens)
    tokens.forget()
    assert await asker.counts(token) is True
    assert tokens.get(None, token, site.desk.now()) is not None, "it was checked, and not told from memory"


async def test_another_question_is_another(site: Site) -> None:
    asker, _, token = await asked_twice(site)
    client, same = site.machine(), f"token={token}"
    assert (
        await client.post(INTROSPECT, content=same, auth=asker.basic, headers={"content-type": FORM})
    ).status_code == 200
    for headers in ({"content-type": "text/plain"}, {}):
        assert (await client.post(INTROSPECT, content=same, auth=asker.basic, headers=headers)).status_code != 200
    assert (await client.post(INTROSPECT, content=same, headers={"content-type": FORM})).status_code == 401


async def test_an_assertion_works_once(site: Site) -> None:
    service, key = await keyed_machine(site)
    token, assertion = await (await machine(site)).token(), key.assertion(site, service)
    answers = [await present(site, assertion, INTROSPECT, token=token) for _ in range(3)]
    assert ([each.status_code for each in answers], kept(site)) == ([200, 401, 401], 0)


async def test_who_proves_itself_in_another_way_than_by_header_is_not_kept(site: Site) -> None:
    asker, own = await machine(site), await (await machine(site, "other")).token()
    form = {"token": own, "client_id": asker.id, "client_secret": asker.secret}
    for _ in range(3):
        assert (await site.machine().post(INTROSPECT, data=form)).json()["active"] is True
        bearer = {"authorization": f"Bearer {own}"}
        assert (await site.machine().post(INTROSPECT, data={"token": own}, headers=bearer)).json()["active"] is True
    assert kept(site) == 0


async def test_what_is_dead_is_not_kept(site: Site) -> None:
    asker, owner, token = await asked_twice(site)
    await owner.ask(REVOKE, token=token)
    for dead in (token, "x.y.z", "x"):
        assert [await asker.counts(dead) for _ in range(2)] == [False, False]
    assert kept(site) == 1, "the one from when it was alive, which counts no more"


async def test_what_began_before_news_is_not_kept(site: Site) -> None:
    asker, _, token = await asked_twice(site)
    proof = next(asker.basic.auth_flow(httpx.Request("POST", ORIGIN))).headers["authorization"]
    call = HotCall(site.desk, Visit(base_url=ORIGIN, asked=Asked(authorization=proof)), {}, b"late")
    asked = site.desk.keep(AskedBefore)
    began = asked.begin()
    await disable_service(site.desk, VISIT, service=(await machine(site, "third")).id, actor="operator")
    assert [await asker.counts(token) for _ in range(2)] == [True, True]  # so that all is known again
    asked.keep(question_of(call), began, call, {"token": token}, b"old")
    assert await asked.again(question_of(call)) is None
    asked.keep(question_of(call), asked.begin(), call, {"token": token}, b"new")
    assert await asked.again(question_of(call)) == b"new"
    site.desk.keep(LogReader).fresh_until = float("-inf")
    assert await asked.again(question_of(call)) is None, "nobody can tell what another worker has taken away"


async def test_there_is_an_end_to_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked_before, "ROOM", 3)
    asker, _, token = await asked_twice(site)
    for number in range(5):
        await asker.ask(INTROSPECT, token=token, other=str(number))
    assert kept(site) <= 3
