"""Acting for a person at a provider: its access token, renewed once by one worker, whatever happens meanwhile."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from coatcheck.errors import Busy, NotFound, UpstreamFailed
from coatcheck.upstream import records, vault
from coatcheck.upstream.act_for import CLAIM_MS, WAIT_S, Renewals, upstream_token
from coatcheck.upstream.give_back import queue_giveback
from coatcheck.upstream.oauth.tokens import revoke
from coatcheck.upstream.records import KeptTokens
from tests.login.providers import NAME, open_with, sign_in_as
from tests.races.nodes import PATIENCE
from tests.servers.others import OpenIdServer
from tests.site import Site
from tests.upstream.hostile import Hostile, Write, answer, hostile
from tests.upstream.kept import (
    RUN_OUT,
    ada,
    ask_at,
    is_good,
    keep_instead,
    keeping,
    kept,
    made_up,
    opened,
    provider_of,
    token,
    waiting_givebacks,
)


@pytest.fixture
async def keeper(work: OpenIdServer, tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that keeps its provider's tokens."""
    async with keeping(work, f"sqlite:///{tmp_path / 'site.db'}", tmp_path) as [site]:
        yield site


@pytest.fixture
async def other() -> AsyncIterator[Hostile]:
    """Run a token endpoint that answers as a test says."""
    async with hostile() as running:
        yield running


async def found(site: Site, account: str) -> KeptTokens:
    """Give what is kept, which is there."""
    row = await kept(site, account)
    assert row is not None
    return row


def gives(access: str, *, lives_s: int = 3600, **more: str) -> Write:
    """Answer with new tokens."""
    words = {"access_token": access, "token_type": "Bearer", "expires_in": lives_s, **more}
    return answer(200, json.dumps(words).encode())


async def test_it_is_given_as_it_came(work: OpenIdServer, keeper: Site) -> None:
    account = await ada(keeper)
    given = await keeper.auth.upstream_token(account, NAME)
    assert await is_good(work, given)
    assert await keeper.auth.upstream_token(account, NAME) == given


async def test_it_is_renewed_when_it_has_run_out(work: OpenIdServer, keeper: Site) -> None:
    """Again and again, though each refresh token works once at this provider."""
    account = await ada(keeper)
    given = [await token(keeper, account)]
    for _ in range(3):
        keeper.clock.advance(RUN_OUT)
        given.append(await token(keeper, account))
        assert given[-1] == await token(keeper, account)
        assert await is_good(work, given[-1])
    assert len(set(given)) == 4
    assert (await found(keeper, account)).renewing_until is None


async def test_there_is_none_for_whom_none_is_kept(keeper: Site, work: OpenIdServer, tmp_path: Path) -> None:
    account, stranger = await ada(keeper), await keeper.person()
    for who, provider in ((stranger.id, NAME), ("acc_nobody", NAME), (account, "nowhere")):
        with pytest.raises(NotFound):
            await upstream_token(keeper.desk, account=who, provider=provider)
    (tmp_path / "other").mkdir()
    async with open_with(work, tmp_path / "other") as keeps_none:
        account = await ada(keeps_none)
        with pytest.raises(NotFound):
            await token(keeps_none, account)


async def test_the_one_who_comes_again_brings_new_ones(work: OpenIdServer, keeper: Site) -> None:
    account = await ada(keeper)
    first = await token(keeper, account)
    async with keeper.browser() as browser:
        await sign_in_as(browser, "ada")
    assert await token(keeper, account) != first
    assert await is_good(work, await token(keeper, account))


async def test_a_worker_that_died_holds_the_others_up_for_seconds(work: OpenIdServer, keeper: Site) -> None:
    account = await ada(keeper)
    keeper.clock.advance(RUN_OUT)
    row, now = await found(keeper, account), keeper.clock.now()
    async with keeper.desk.database.writing() as tx:
        assert await records.claim_renewal(tx, row, version="upt_dead", now=now, until=now + CLAIM_MS)
    waiting = asyncio.create_task(token(keeper, account))
    await asyncio.sleep(0)
    keeper.clock.advance(timedelta(seconds=WAIT_S + 1))
    with pytest.raises(Busy):
        await waiting

    keeper.clock.advance(timedelta(milliseconds=CLAIM_MS))

    assert await is_good(work, await token(keeper, account))


async def test_while_the_provider_is_away_the_old_ones_stay(work: OpenIdServer, keeper: Site, other: Hostile) -> None:
    account = await ada(keeper)
    old = await opened(keeper, account)
    keeper.clock.advance(RUN_OUT)
    other.does["/token"] = answer(503, b"")
    ask_at(keeper, refresh=f"{other.url}/token")
    with pytest.raises(UpstreamFailed) as failed:
        await token(keeper, account)
    assert failed.value.trouble == "provider_away"
    assert (await found(keeper, account)).renewing_until is None, (
        "whoever comes next need not wait for the claim to run out"
    )
    assert await opened(keeper, account) == old

    ask_at(keeper, refresh="")

    assert await is_good(work, await token(keeper, account))


async def test_while_it_is_away_what_still_counts_is_given(keeper: Site, other: Hostile) -> None:
    account = await ada(keeper)
    await keep_instead(keeper, account, made_up("counts", expires_at=keeper.clock.now() + 30_000))
    other.does["/token"] = answer(503, b"")
    ask_at(keeper, refresh=f"{other.url}/token")
    assert await token(keeper, account) == "counts"
    assert len(other.heard) == 1
    keeper.clock.advance(timedelta(seconds=30))
    with pytest.raises(UpstreamFailed):
        await token(keeper, account)


async def test_a_grant_that_is_over_is_dropped(keeper: Site) -> None:
    account = await ada(keeper)
    assert await revoke(keeper.desk, provider_of(keeper), await opened(keeper, account))
    keeper.clock.advance(RUN_OUT)
    with pytest.raises(UpstreamFailed) as failed:
        await token(keeper, account)
    assert failed.value.trouble == "code_refused"
    with pytest.raises(NotFound):
        await token(keeper, account)
    assert await waiting_givebacks(keeper) == []


async def test_what_cannot_be_renewed_is_over_when_it_has_run_out(keeper: Site) -> None:
    account = await ada(keeper)
    async with keeper.desk.database.writing() as tx:
        [linked] = await records.list_of(tx, account)
        await records.drop_tokens(tx, await found(keeper, account))
        alone = made_up("alone", refresh=None, expires_at=keeper.clock.now() - 1)
        await vault.store(tx, keeper.desk, linked.id, alone)
    with pytest.raises(UpstreamFailed) as failed:
        await token(keeper, account)
    assert failed.value.trouble == "code_refused"


async def test_fifty_who_come_at_once_are_one_request(keeper: Site, other: Hostile) -> None:
    """Also where tokens live shorter than the time before their end at which they are renewed."""
    account = await ada(keeper)
    keeper.clock.advance(RUN_OUT)
    other.does["/token"] = gives("new", lives_s=20)
    ask_at(keeper, refresh=f"{other.url}/token")

    given = await asyncio.gather(*(token(keeper, account) for _ in range(50)))

    assert (set(given), len(other.heard)) == ({"new"}, 1)
    keeper.clock.advance(timedelta(seconds=9))
    assert (await token(keeper, account), len(other.heard)) == ("new", 1)
    keeper.clock.advance(timedelta(seconds=1))
    assert (await token(keeper, account), len(other.heard)) == ("new", 2)


def held_up(begun: asyncio.Event, go_on: asyncio.Event, write: Write) -> Write:
    """Answer when the test says so."""

    async def held(writer: asyncio.StreamWriter) -> None:
        begun.set()
        await go_on.wait()
        await write(writer)

    return held


async def under_way(keeper: Site, other: Hostile, account: str) -> tuple[asyncio.Task[str], asyncio.Event]:
    """Begin a renewal that waits for the provider; give it, and what lets it go on."""
    begun, go_on = asyncio.Event(), asyncio.Event()
    keeper.clock.advance(RUN_OUT)
    other.does["/token"] = held_up(begun, go_on, gives("new", refresh_token="new-refresh"))
    ask_at(keeper, refresh=f"{other.url}/token")
    asking = asyncio.create_task(token(keeper, account))
    await begun.wait()
    return asking, go_on


async def test_who_goes_away_leaves_no_grant_lost(keeper: Site, other: Hostile) -> None:
    """The provider has ended the old refresh token by then: what it answers is kept all the same."""
    account = await ada(keeper)
    asking, go_on = await under_way(keeper, other, account)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    go_on.set()
    await keeper.desk.keep(Renewals).close()

    async with asyncio.timeout(PATIENCE):
        assert await token(keeper, account) == "new"
    renewed = await opened(keeper, account)
    assert renewed.refresh is not None
    assert renewed.refresh.reveal() == "new-refresh"
    assert len(other.heard) == 1


async def test_who_unlinks_meanwhile_has_both_given_back(keeper: Site, other: Hostile) -> None:
    account = await ada(keeper)
    old = (await opened(keeper, account)).access.reveal()
    asking, go_on = await under_way(keeper, other, account)
    await unlink(keeper, account)
    go_on.set()

    with pytest.raises(NotFound):
        await asking

    assert sorted(await waiting_givebacks(keeper)) == sorted([old, "new"])
    assert await kept(keeper, account) is None


async def unlink(site: Site, account: str) -> None:
    """Unlink the account's one identity, as `unlink_identity` does in its transaction."""
    async with site.desk.database.writing() as tx:
        [linked] = await records.list_of(tx, account)
        await queue_giveback(tx, site.desk, identity=linked.id, provider=linked.provider)
        assert await records.remove(tx, account, linked.id)


async def test_who_comes_again_meanwhile_is_given_the_newest(keeper: Site, other: Hostile) -> None:
    account = await ada(keeper)
    asking, go_on = await under_way(keeper, other, account)
    await keep_instead(keeper, account, made_up("newest", expires_at=keeper.clock.now() + 3_600_000))
    go_on.set()

    assert await asking == "newest"

    assert await waiting_givebacks(keeper) == []
    assert await token(keeper, account) == "newest"
