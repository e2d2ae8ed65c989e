"""Refresh: a token works once; two tabs and a lost answer sign nobody out; who kept an old one ends the session."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from coatcheck.accounts.account import Account
from coatcheck.admin.lock_account import lock_account
from coatcheck.admin.roles import create_role, grant_role, revoke_role
from coatcheck.errors import BadInput, RefreshSuperseded, SessionEnded, TokenRefused, TokenTooLarge
from coatcheck.secret import CannotUnseal, unseal_under
from coatcheck.storage.tables import metadata
from coatcheck.storage.tables.tokens import refresh_tokens
from coatcheck.tokens.refresh_token import new_refresh_token
from tests.keys.sites import signing_site
from tests.site import ORIGIN, VISIT, Site
from tests.tokens.holders import claims_of, events, is_alive, is_good, let_in, principal, refreshed

NOTES, PAY = "https://notes.example.org", "https://pay.example.org"
GRACE = timedelta(seconds=10)
MOMENT = timedelta(milliseconds=1)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that signs quickly."""
    async with signing_site(tmp_path) as opened:
        yield opened


@pytest.fixture
async def ann(site: Site) -> Account:
    """Make an account."""
    return await site.person(password=None)


async def kept(site: Site, session: str) -> bytes:
    """Give the sealed successor that a session's row has."""
    async with site.desk.database.reading() as db:
        row = (await db.execute(select(refresh_tokens).where(refresh_tokens.c.session == session))).one()
    return bytes(row.sealed)


async def test_a_token_brings_the_next_one(site: Site, ann: Account) -> None:
    first = await let_in(site, ann)
    second = await refreshed(site, first.refresh)
    third = await refreshed(site, second.refresh)
    assert len({first.refresh, second.refresh, third.refresh}) == 3
    assert {first.session, second.session, third.session} == {first.session}
    found = await principal(site, third.access)
    assert found is not None
    assert (found.subject, found.session) == (ann.id, first.session)
    assert await is_good(site, first.access), "an access token counts until it runs out, however often it is renewed"


async def test_the_same_successor_for_ten_seconds(site: Site, ann: Account) -> None:
    first = await let_in(site, ann)
    second = await refreshed(site, first.refresh)
    site.clock.advance(GRACE)
    again = await refreshed(site, first.refresh)
    assert (again.refresh, again.session) == (second.refresh, first.session)
    assert await is_good(site, again.access)
    site.clock.advance(MOMENT)
    with pytest.raises(SessionEnded):
        await refreshed(site, first.refresh)
    assert not await is_alive(site, first.session)
    assert not await is_good(site, again.access)
    with pytest.raises(SessionEnded):
        await refreshed(site, second.refresh)
    assert (await events(site, ann))[0] == "refresh.replayed"


async def test_superseded_once_the_successor_was_used(site: Site, ann: Account) -> None:
    first = await let_in(site, ann)
    second = await refreshed(site, first.refresh)
    third = await refreshed(site, second.refresh)
    site.clock.advance(GRACE)
    with pytest.raises(RefreshSuperseded):
        await refreshed(site, first.refresh)
    assert (await refreshed(site, second.refresh)).refresh == third.refresh
    assert "refresh.replayed" not in await events(site, ann)
    await refreshed(site, third.refresh)


async def test_a_chain_within_ten_seconds_ends_nothing(site: Site, ann: Account) -> None:
    first = await let_in(site, ann)
    tokens = [first.refresh]
    for _ in range(20):
        tokens.append((await refreshed(site, tokens[-1])).refresh)
    for old in tokens[:-2]:
        with pytest.raises(RefreshSuperseded):
            await refreshed(site, old)
    assert (await refreshed(site, tokens[-2])).refresh == tokens[-1]


@pytest.mark.parametrize("age", [0, 1, 5])
async def test_anything_later_is_a_replay(site: Site, ann: Account, age: int) -> None:
    held = [await let_in(site, ann)]
    other = await let_in(site, ann)
    for _ in range(6):
        site.clock.advance(GRACE + MOMENT)
        held.append(await refreshed(site, held[-1].refresh))
    site.clock.advance(GRACE + MOMENT)
    with pytest.raises(SessionEnded):
        await refreshed(site, held[age].refresh)
    assert not await is_alive(site, held[0].session)
    assert not await is_good(site, held[-1].access)
    assert await is_good(site, other.access), "her other session has nothing to do with it"
    assert (await events(site, ann)).count("refresh.replayed") == 1


async def test_a_replay_is_one_whatever_audience_is_asked_for(site: Site, ann: Account) -> None:
    first = await let_in(site, ann)
    await refreshed(site, first.refresh)
    site.clock.advance(GRACE + MOMENT)
    with pytest.raises(SessionEnded):
        await refreshed(site, first.refresh, audience="https://nobody.example")
    assert not await is_alive(site, first.session)


async def test_the_sealed_successor_opens_for_its_holder_alone(site: Site, ann: Account) -> None:
    first = await let_in(site, ann)
    second = await refreshed(site, first.refresh)
    sealed = await kept(site, first.session)
    assert unseal_under(first.refresh, sealed, place=first.session).decode() == second.refresh
    for key, place in ((second.refresh, first.session), (first.refresh, "ses_other"), (first.refresh[:-1], "x")):
        with pytest.raises(CannotUnseal):
            unseal_under(key, sealed, place=place)
    with pytest.raises(CannotUnseal):
        unseal_under(first.refresh, sealed[:20], place=first.session)


async def test_the_sealed_copy_goes_when_the_successor_is_used(site: Site, ann: Account) -> None:
    first = await let_in(site, ann)
    second = await refreshed(site, first.refresh)
    before = await kept(site, first.session)
    await refreshed(site, first.refresh)
    assert await kept(site, first.session) == before, "asking again seals nothing anew"
    await refreshed(site, second.refresh)
    after = await kept(site, first.session)
    assert before not in after
    with pytest.raises(CannotUnseal):
        unseal_under(first.refresh, after, place=first.session)


async def test_no_table_holds_a_token(site: Site, ann: Account) -> None:
    first = await let_in(site, ann)
    second = await refreshed(site, first.refresh)
    async with site.desk.database.reading() as db:
        rows = [tuple(row) for table in metadata.sorted_tables for row in await db.execute(select(table))]
    everything = repr(rows).encode()
    for secret in (first, second):
        for text in (secret.access, secret.refresh, secret.refresh[4:26], secret.refresh[26:48]):
            assert text.encode() not in everything


async def test_a_locked_account_gets_nothing_more(site: Site, ann: Account) -> None:
    first = await let_in(site, ann)
    second = await refreshed(site, first.refresh)
    await lock_account(site.desk, VISIT, account=ann.id, actor="operator")
    for token in (first.refresh, second.refresh):
        with pytest.raises(SessionEnded):
            await refreshed(site, token)
    assert not await is_good(site, second.access)


async def test_the_account_is_read_afresh(site: Site, ann: Account) -> None:
    await create_role(site.desk, VISIT, role="editor", permissions=["notes:write"], actor="operator")
    await grant_role(site.desk, VISIT, account=ann.id, role="editor", actor="operator")
    held = await let_in(site, ann)
    assert (claims_of(held.access)["roles"], claims_of(held.access)["scope"]) == (["editor"], "notes:write")
    await revoke_role(site.desk, VISIT, account=ann.id, role="editor", actor="operator")
    assert not await is_good(site, held.access), "what it says is not true any more"
    fresh = await refreshed(site, held.refresh)
    assert not {"roles", "scope"} & claims_of(fresh.access).keys()
    assert await is_good(site, fresh.access), "nobody was signed out"


async def test_idle_and_absolute_end(site: Site, ann: Account) -> None:
    """Using the refresh token is use of the session; 7 days without it end it, and 30 days however it is used."""
    used, unused = await let_in(site, ann), await let_in(site, ann)
    site.clock.advance(timedelta(days=7, minutes=1))
    kept_up = await refreshed(site, used.refresh)
    site.clock.advance(MOMENT)
    with pytest.raises(SessionEnded):
        await refreshed(site, unused.refresh)
    for _ in range(3):
        site.clock.advance(timedelta(days=7))
        kept_up = await refreshed(site, kept_up.refresh)
    site.clock.advance(timedelta(days=1, hours=23, minutes=55))
    kept_up = await refreshed(site, kept_up.refresh)
    left = claims_of(kept_up.access)["exp"] - site.clock.now() // 1000
    assert 0 < left < 5 * 60, "no access token outlives its session"
    site.clock.advance(timedelta(minutes=5))
    with pytest.raises(SessionEnded):
        await refreshed(site, kept_up.refresh)


async def test_asking_again_is_use_too(site: Site, ann: Account) -> None:
    first = await let_in(site, ann)
    second = await refreshed(site, first.refresh)
    site.clock.advance(GRACE)
    await refreshed(site, first.refresh)
    site.clock.advance(timedelta(days=7, minutes=1))
    await refreshed(site, second.refresh)


async def test_a_narrowed_sign_in_stays_narrowed(tmp_path: Path) -> None:
    async with signing_site(tmp_path, tokens={"audience": [NOTES, PAY]}) as site:
        ann = await site.person(password=None)
        narrowed = await let_in(site, ann, audience=NOTES)
        again = await refreshed(site, narrowed.refresh)
        assert claims_of(again.access)["aud"] == NOTES
        for asked in (PAY, ORIGIN, "https://nobody.example"):
            with pytest.raises(BadInput):
                await refreshed(site, again.refresh, audience=asked)
        assert claims_of((await refreshed(site, again.refresh, audience=NOTES)).access)["aud"] == NOTES


async def test_one_refresh_may_be_narrowed(tmp_path: Path) -> None:
    async with signing_site(tmp_path, tokens={"audience": [NOTES, PAY]}) as site:
        held = await let_in(site, await site.person(password=None))
        assert claims_of(held.access)["aud"] == [NOTES, PAY]
        for asked, given in ((PAY, PAY), (ORIGIN, ORIGIN), (None, [NOTES, PAY])):
            held = await refreshed(site, held.refresh, audience=asked)
            assert claims_of(held.access)["aud"] == given
        with pytest.raises(BadInput):
            await refreshed(site, held.refresh, audience="https://nobody.example")
        await refreshed(site, held.refresh)


@pytest.mark.parametrize("change", ["", "x", "ccr_", "flip", "cut", "longer", "upper", "space", "line", "unknown"])
async def test_what_is_no_refresh_token(site: Site, ann: Account, change: str) -> None:
    held = await let_in(site, ann)
    good = held.refresh
    presented = {
        "flip": good[:30] + ("A" if good[30] != "A" else "B") + good[31:],
        "cut": good[:-1],
        "longer": good + "0",
        "upper": good.upper(),
        "space": f" {good}",
        "line": f"{good}\n",
        "unknown": new_refresh_token().whole.reveal(),
    }.get(change, change)
    with pytest.raises(SessionEnded):
        await refreshed(site, presented)
    await refreshed(site, good)


async def test_another_sites_token_and_an_access_token(site: Site, ann: Account, tmp_path: Path) -> None:
    held = await let_in(site, ann)
    other = tmp_path / "other"
    other.mkdir()
    async with signing_site(other) as elsewhere:
        theirs = await let_in(elsewhere, await elsewhere.person(password=None))
    for token in (theirs.refresh, held.access, held.session):
        with pytest.raises(SessionEnded):
            await refreshed(site, token)
    assert await is_alive(site, held.session)


async def test_who_makes_up_tokens_waits_for_no_writer(site: Site) -> None:
    """SQLite has one writer; a stranger who could have it at will could keep everybody else from it."""
    async with site.desk.database.writing(), asyncio.timeout(5):
        with pytest.raises(SessionEnded):
            await refreshed(site, new_refresh_token().whole)


async def test_where_no_access_token_fits_nothing_is_spent(site: Site, ann: Account) -> None:
    held = await let_in(site, ann)
    permissions = [f"{'resource' * 5}{number}:write" for number in range(80)]
    await create_role(site.desk, VISIT, role="everything", permissions=permissions, actor="operator")
    await grant_role(site.desk, VISIT, account=ann.id, role="everything", actor="operator")
    for _ in range(3):
        site.clock.advance(GRACE + MOMENT)
        with pytest.raises(TokenTooLarge) as refused:
            await refreshed(site, held.refresh)
        assert "scope" in refused.value.because
    await revoke_role(site.desk, VISIT, account=ann.id, role="everything", actor="operator")
    assert await is_good(site, (await refreshed(site, held.refresh)).access)


async def test_a_token_bound_to_a_key_is_nothing_without_it(site: Site, ann: Account) -> None:
    held = await let_in(site, ann)
    async with site.desk.database.writing() as tx:
        await tx.execute(update(refresh_tokens).values(cnf_jkt="a" * 43))
    for _ in range(2):
        with pytest.raises(TokenRefused):
            await refreshed(site, held.refresh)
        site.clock.advance(GRACE + MOMENT)
    assert await is_alive(site, held.session)


async def test_over_http(site: Site, ann: Account) -> None:
    held = await let_in(site, ann)
    client = site.browser()
    answers = [await client.post("/api/token/refresh", json={"refresh_token": held.refresh}) for _ in range(2)]
    first, again = (answer.json() for answer in answers)
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    assert first["refresh_token"] == again["refresh_token"] != held.refresh
    assert (first["token_type"], first["expires_in"], first["session"]["id"]) == ("Bearer", 900, held.session)
    assert "set-cookie" not in answers[0].headers
    await client.post("/api/token/refresh", json={"refresh_token": first["refresh_token"]})
    superseded = await client.post("/api/token/refresh", json={"refresh_token": held.refresh})
    assert (superseded.status_code, superseded.json()["code"]) == (409, "refresh_superseded")
    for body, status, code in (
        ({"refresh_token": "x"}, 401, "session_ended"),
        ({}, 422, "invalid_input"),
        ({"refresh_token": 1}, 422, "invalid_input"),
        ({"refresh_token": "x", "audience": "https://nobody.example", "more": 1}, 422, "invalid_input"),
    ):
        answer = await client.post("/api/token/refresh", json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not re.search("ccr_", superseded.text)
