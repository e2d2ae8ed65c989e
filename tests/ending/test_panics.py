"""Receipts that are filled beside the requests: by the process that closes, by providers and by services that hear."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from coatcheck.accounts.account import Account
from coatcheck.audit.show import show
from coatcheck.clock import millis
from coatcheck.ending.close_account import close_account
from coatcheck.ending.panic import panic
from coatcheck.ending.receipts import records as receipts
from coatcheck.ending.receipts.look import receipt_of
from coatcheck.ending.receipts.panics import Panics
from coatcheck.ending.receipts.receipt import Line
from coatcheck.ending.receipts.shown import shown
from coatcheck.login.link import link
from coatcheck.revocation import records as revocation
from coatcheck.revocation.acks import Acknowledged
from coatcheck.revocation.event import Position
from coatcheck.server.presence import Presence
from coatcheck.sessions.connections import Connections
from coatcheck.storage.tables.panics import panics
from coatcheck.upstream.give_back import GiveBack
from coatcheck.upstream.identity import Identity
from coatcheck.verifier import Principal
from tests.attacks.census import row_counts
from tests.attacks.workers import another_worker
from tests.clients.machines import machine
from tests.login.providers import NAME
from tests.servers.others import OpenIdServer
from tests.site import VISIT, Site
from tests.upstream.kept import ada, ask_at, is_good, keeping, made_up, token

A_WHILE = timedelta(seconds=1)


async def call(site: Site, account: Account | str) -> str:
    who = account if isinstance(account, str) else account.id
    return (await panic(site.desk, VISIT, account=who, actor="operator")).id


async def lines(site: Site, receipt: str, what: str) -> list[Line]:
    return [line for line in (await receipt_of(site.desk, receipt)).lines if line.what == what]


async def states(site: Site, receipt: str, what: str) -> list[str]:
    return [line.state(site.clock.now()) for line in await lines(site, receipt, what)]


async def turn(site: Site) -> None:
    """Let this process look at what is due, once; a moment has passed since."""
    site.clock.advance(A_WHILE)
    await site.desk.keep(Panics).turn()


async def head(site: Site) -> Position:
    async with site.desk.database.reading() as db:
        return await revocation.head(db)


def principal(account: Account) -> Principal:
    return Principal(subject=account.id, session="ses_of_hers")


@pytest.fixture
async def served(site: Site) -> Site:
    """Give a site whose process has said that it is there, and listens."""
    site.desk.keep(Panics)
    await site.desk.keep(Presence).say()
    return site


async def test_a_process_says_how_many_connections_it_closed_and_when(served: Site) -> None:
    ann, ben = await served.person(), await served.person("ben@example.org")
    connections = served.desk.keep(Connections)
    opened, others = [connections.open(principal(ann)) for _ in range(3)], connections.open(principal(ben))
    receipt = await call(served, ann)
    assert await states(served, receipt, "worker") == ["pending"]
    for number, connection in enumerate(opened):
        served.clock.advance(timedelta(milliseconds=number))
        connection.closed(is_cut=True)
    last = served.clock.now()
    await served.desk.keep(Panics).reported()
    served.clock.advance(A_WHILE)
    [line] = await lines(served, receipt, "worker")
    assert (line.name, line.count, line.done_at, line.outcome) == (served.desk.worker, 3, last, "done")
    others.closed(is_cut=False)


async def test_a_connection_that_stays_open_is_not_said_to_be_closed(served: Site) -> None:
    ann = await served.person()
    stays = served.desk.keep(Connections).open(principal(ann))
    receipt = await call(served, ann)
    served.clock.advance(timedelta(minutes=1))
    assert await states(served, receipt, "worker") == ["not_confirmed"]
    stays.closed(is_cut=True)


async def test_one_that_looked_by_itself_before_the_news_came_is_counted(served: Site) -> None:
    """A socket looks every 250 ms, and may see in the database what its process has not heard of yet."""
    ann = await served.person()
    connection = served.desk.keep(Connections).open(principal(ann))
    async with another_worker(served) as there:
        receipt = await call(there, ann)
    connection.closed(is_cut=True)
    left = served.desk.keep(Connections).open(principal(ann))
    left.closed(is_cut=False)
    await served.follow_log()
    await served.desk.keep(Panics).reported()
    assert [line.count for line in await lines(served, receipt, "worker")] == [1]


async def test_each_process_has_its_line_also_one_that_has_just_started(served: Site) -> None:
    ann = await served.person()
    async with another_worker(served) as there:
        there.desk.keep(Panics)
        receipt = await call(served, ann)
        await there.follow_log()
        for each in (served, there):
            await each.desk.keep(Panics).reported()
        names = {line.name for line in await lines(served, receipt, "worker") if line.outcome == "done"}
        assert names == {served.desk.worker, there.desk.worker}


async def test_a_process_that_missed_the_news_catches_up(served: Site) -> None:
    ann = await served.person()
    await served.desk.keep(Panics).turn()
    async with another_worker(served) as there:
        receipt = await call(there, ann)
    served.desk.keep(Panics).look_again()
    await turn(served)
    await served.desk.keep(Panics).reported()
    assert await states(served, receipt, "worker") == ["done"]


async def test_a_process_that_has_stopped_has_no_connections(served: Site) -> None:
    ann = await served.person()
    async with another_worker(served) as there:
        await there.desk.keep(Presence).say()
        receipt = await call(served, ann)
        await there.desk.keep(Presence).leave()
    await served.desk.keep(Panics).reported()
    await turn(served)
    assert sorted(await states(served, receipt, "worker")) == ["done", "gone"]


async def test_a_service_appears_with_the_time_of_its_acknowledgement(served: Site) -> None:
    ann = await served.person()
    quick, slow = [await machine(served, name) for name in ("quick", "slow")]
    acknowledged = Acknowledged(served.desk)
    for each in (quick, slow):
        await acknowledged.note(each.id, await head(served), millis(timedelta(seconds=8)))
    served.clock.advance(A_WHILE)
    receipt = await call(served, ann)
    assert await states(served, receipt, "verifier") == ["not_confirmed"] * 2

    served.clock.advance(A_WHILE)
    await acknowledged.note(quick.id, await head(served))
    at = served.clock.now()
    await turn(served)
    said, silent = await lines(served, receipt, "verifier")
    assert (said.title, said.done_at, said.outcome) == ("quick", at, "done")
    cut_at = (await receipt_of(served.desk, receipt)).cut_at
    assert cut_at is not None
    assert silent.at_latest == cut_at + 8_000
    assert silent.stands(served.clock.now())[0] == "Not confirmed"


async def test_an_acknowledgement_of_before_the_panic_confirms_nothing(served: Site) -> None:
    ann = await served.person()
    quick = await machine(served, "quick")
    acknowledged, before = Acknowledged(served.desk), await head(served)
    await acknowledged.note(quick.id, before)
    receipt = await call(served, ann)
    served.clock.advance(timedelta(minutes=2))
    await acknowledged.note(quick.id, before)
    await turn(served)
    assert await states(served, receipt, "verifier") == ["not_confirmed"]


async def test_one_that_says_no_bound_is_bounded_by_its_tokens(served: Site) -> None:
    ann = await served.person()
    quick = await machine(served, "quick")
    await Acknowledged(served.desk).note(quick.id, await head(served))
    receipt = await call(served, ann)
    [line] = await lines(served, receipt, "verifier")
    cut_at = (await receipt_of(served.desk, receipt)).cut_at or 0
    assert line.at_latest == cut_at + millis(served.desk.settings.tokens.access_lifetime)


async def test_it_is_settled_once_and_recorded(served: Site) -> None:
    ann = await served.person()
    quick = await machine(served, "quick")
    await Acknowledged(served.desk).note(quick.id, await head(served), 8_000)
    receipt = await call(served, ann)
    await served.desk.keep(Panics).reported()
    await turn(served)
    assert (await receipt_of(served.desk, receipt)).settled_at is None
    served.clock.advance(timedelta(seconds=8))
    await asyncio.gather(*(served.desk.keep(Panics).turn() for _ in range(3)))
    assert (await receipt_of(served.desk, receipt)).settled_at == served.clock.now()
    [entry] = await show(served.desk, account=ann.id, event="account.panic_settled")
    assert entry.details == {"receipt": receipt, "done": 11, "not_confirmed": 1}

    served.clock.advance(timedelta(hours=1))
    await Acknowledged(served.desk).note(quick.id, await head(served))
    await turn(served)
    assert await states(served, receipt, "verifier") == ["done"], "late, and still told"


async def test_nobody_looks_any_more_after_a_day(served: Site) -> None:
    ann = await served.person()
    quick = await machine(served, "quick")
    await Acknowledged(served.desk).note(quick.id, await head(served))
    receipt = await call(served, ann)
    served.clock.advance(timedelta(days=1, seconds=1))
    await turn(served)
    async with served.desk.database.reading() as db:
        assert await receipts.next_due(db) is None
    assert await states(served, receipt, "verifier") == ["not_confirmed"]


async def test_another_worker_goes_on_where_one_died_right_after_the_commit(served: Site) -> None:
    """Between the transaction and what follows it nothing is written yet: neither the time nor who is waited for."""
    ann = await served.person()
    quick = await machine(served, "quick")
    await Acknowledged(served.desk).note(quick.id, await head(served), 8_000)
    async with another_worker(served) as dead:
        receipt = await call(dead, ann)
        async with dead.desk.database.writing() as tx:
            as_at_the_commit = {"cut_at": None, "era": None, "number": None}
            await tx.execute(update(panics).where(panics.c.id == receipt).values(as_at_the_commit))
    before = served.clock.now()
    served.clock.advance(A_WHILE)
    await Acknowledged(served.desk).note(quick.id, await head(served))
    await turn(served)
    found = await receipt_of(served.desk, receipt)
    assert found.cut_at == before + millis(2 * A_WHILE), "later than it was, and true"
    assert await states(served, receipt, "verifier") == ["done"]


async def test_a_claim_that_its_worker_did_not_live_to_use_runs_out(served: Site) -> None:
    ann = await served.person()
    receipt = await call(served, ann)
    await served.desk.keep(Panics).reported()
    async with served.desk.database.writing() as tx:
        assert await receipts.claim_due(tx, served.clock.now()) == [receipt]
        assert await receipts.claim_due(tx, served.clock.now()) == []
    await turn(served)
    assert (await receipt_of(served.desk, receipt)).settled_at is not None


async def test_the_account_is_closed_meanwhile(served: Site) -> None:
    ann = await served.person()
    stays = served.desk.keep(Connections).open(principal(ann))
    await call(served, ann)
    await close_account(served.desk, VISIT, account=ann.id, actor="operator")
    stays.closed(is_cut=True)
    await served.desk.keep(Panics).reported()
    await turn(served)
    rows = await row_counts(served)
    assert (rows["panics"], rows["panic_lines"]) == (0, 0)


async def test_its_owner_is_not_told_which_services_and_processes_there_are(served: Site) -> None:
    await served.person()
    for name in ("billing", "secret-project"):
        await Acknowledged(served.desk).note((await machine(served, name)).id, await head(served), 8_000)
    browser = await served.signed_in()
    called = await browser.post("/api/account/panic")
    looked = await browser.get(f"/api/panic/{called.json()['receipt']}")
    page = await browser.get(f"/panic/{called.json()['receipt']}")
    for answer in (called, looked, page):
        assert answer.status_code == 200
        for hidden in ("billing", "secret-project", "svc_", served.desk.worker[:8]):
            assert hidden not in answer.text
    assert "Revoked at service 2" in page.text
    root = await served.administrator()
    assert "Revoked at secret-project" in (await root.get(f"/panic/{called.json()['receipt']}")).text


async def test_a_page_shows_what_is_not_confirmed(served: Site) -> None:
    ann = await served.person()
    quick = await machine(served, "quick")
    await Acknowledged(served.desk).note(quick.id, await head(served), 8_000)
    receipt = await receipt_of(served.desk, await call(served, ann))
    page = shown(receipt, served.clock.now())
    assert page["looks_again"]
    [line] = [line for line in page["others"] if line["label"] == "Revoked at quick"]
    assert (line["stands"], line["kind"], line["time"]) == ("Not confirmed", "bad", "at the latest 08:00:08.000 UTC")


@pytest.fixture
async def keepers(work: OpenIdServer, tmp_path: Path) -> AsyncIterator[tuple[Site, ...]]:
    """Open two sites on one database, with a provider whose tokens they keep."""
    async with keeping(work, f"sqlite:///{tmp_path / 'site.db'}", tmp_path, count=2) as opened:
        yield opened


async def test_a_provider_takes_its_tokens_back_through_whichever_worker(
    work: OpenIdServer, keepers: tuple[Site, ...]
) -> None:
    here, there = keepers
    for each in keepers:
        each.desk.keep(Panics)
    account = await ada(here)
    access = await token(here, account)
    receipt = await call(here, account)
    assert await states(here, receipt, "provider") == ["pending"]
    assert [line.count for line in await lines(here, receipt, "provider_tokens")] == [1]
    here.clock.advance(A_WHILE)
    assert await there.desk.keep(GiveBack).give_due() == 1
    assert not await is_good(work, access)
    [line] = await lines(here, receipt, "provider")
    assert (line.title, line.outcome, line.done_at) == (NAME, "done", here.clock.now())


async def test_one_that_stays_away_is_pending_for_a_day(keepers: tuple[Site, ...]) -> None:
    here, _ = keepers
    here.desk.keep(Panics)
    account = await ada(here)
    ask_at(here, revocation="http://127.0.0.1:9/revoke")
    receipt = await call(here, account)
    assert await here.desk.keep(GiveBack).give_due() == 0
    assert await states(here, receipt, "provider") == ["pending"]
    here.clock.advance(timedelta(days=1, seconds=1))
    assert await states(here, receipt, "provider") == ["not_confirmed"]


async def test_one_that_is_configured_no_more_takes_nothing_back(served: Site) -> None:
    ann = await served.person()
    identity = Identity(
        provider="gone", issuer="https://gone.example", subject="ann", email=ann.email, tokens=made_up("of before")
    )
    async with served.desk.database.writing() as tx:
        await link(tx, served.desk, ann, identity)
    receipt = await call(served, ann)
    assert await served.desk.keep(GiveBack).give_due() == 0
    assert await states(served, receipt, "provider") == ["no_call"]
