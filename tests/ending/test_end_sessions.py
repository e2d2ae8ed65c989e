"""Ending sessions: one, the others or all, and never another person's."""

import pytest

from coatcheck.accounts import records as accounts
from coatcheck.audit.show import show
from coatcheck.ending.end_sessions import end_session, end_sessions
from coatcheck.errors import NotFound, SessionEnded
from coatcheck.gate.cookie import check_cookie
from tests.site import VISIT, Site, submit


async def test_end_the_others(site: Site) -> None:
    await site.person()
    here, elsewhere = await site.signed_in(), await site.signed_in()
    assert (await here.delete("/api/sessions")).status_code == 204
    assert (await here.get("/api/session")).status_code == 200
    assert (await elsewhere.get("/api/session")).status_code == 401


async def test_nobody_ends_anothers_session(site: Site) -> None:
    await site.person()
    await site.person("ben@example.org")
    ann, ben = await site.signed_in(), await site.signed_in("ben@example.org")
    target = (await ben.get("/api/session")).json()["session"]["id"]
    assert (await ann.delete(f"/api/sessions/{target}")).status_code == 404
    page = await submit(ann, "/account", f"/account/sessions/{target}/end")
    assert page.status_code == 404
    assert (await ben.get("/api/session")).status_code == 200


@pytest.mark.parametrize(
    ("keeps", "event", "ended"), [(True, "sessions.ended_others", 2), (False, "sessions.ended_all", 3)]
)
async def test_tells_how_many_and_voids_what_is_pending(site: Site, keeps: bool, event: str, ended: int) -> None:
    ann, ben = await site.person(password=None), await site.person("ben@example.org", None)
    mine = [await site.let_in(ann) for _ in range(3)]
    others = await site.let_in(ben)
    keep = mine[0].session.id if keeps else None
    assert await end_sessions(site.desk, VISIT, account=ann.id, actor="acc_root", keep=keep) == ended
    gone = mine[1:] if keeps else mine
    for admitted in gone:
        with pytest.raises(SessionEnded):
            await check_cookie(site.desk, admitted.secret.reveal())
    for admitted in (*(mine[:1] if keeps else []), others):
        assert (await check_cookie(site.desk, admitted.secret.reveal())).session == admitted.session.id
    entry = (await show(site.desk, account=ann.id))[0]
    assert (entry.event, entry.actor, entry.session, entry.details) == (event, "acc_root", keep, {"sessions": ended})
    async with site.desk.database.reading() as db:
        after = await accounts.find(db, ann.id)
    assert after is not None
    assert after.epoch == ann.epoch + 1


async def test_one_is_ended_once(site: Site) -> None:
    ann = await site.person(password=None)
    session = (await site.let_in(ann)).session.id
    await end_session(site.desk, VISIT, account=ann.id, session=session, actor="acc_root")
    with pytest.raises(NotFound):
        await end_session(site.desk, VISIT, account=ann.id, session=session, actor="acc_root")
    ended = await show(site.desk, event="session.ended")
    assert [(entry.account, entry.actor, entry.session) for entry in ended] == [(ann.id, "acc_root", session)]


async def test_an_account_that_is_not_there(site: Site) -> None:
    with pytest.raises(NotFound):
        await end_sessions(site.desk, VISIT, account="acc_none", actor="operator")
    assert await show(site.desk, event="sessions.ended_all") == []
