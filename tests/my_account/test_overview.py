"""The account page: the sign-in before this one, what happened lately in plain sentences, and one's own sessions."""

from datetime import timedelta
from itertools import pairwise

import pytest
from msgspec import structs

from coatcheck.accounts.account import Account
from coatcheck.ending.end_sessions import end_session
from coatcheck.errors import SessionEnded
from coatcheck.gate.cookie import check_cookie
from coatcheck.login.sign_in import Admitted
from coatcheck.my_account.overview import Overview, overview, own_sessions
from coatcheck.verifier import Principal
from tests.site import VISIT, Site, sign_in


async def come_in(site: Site, account: Account, address: str = VISIT.address) -> Admitted:
    """Sign in a minute after whatever came before."""
    site.clock.advance(timedelta(minutes=1))
    return await site.let_in(account, structs.replace(VISIT, address=address))


async def seen_from(site: Site, admitted: Admitted) -> Overview:
    return await overview(site.desk, await check_cookie(site.desk, admitted.secret.reveal()))


async def test_the_first_sign_in_has_none_before_it(site: Site) -> None:
    ann, ben = await site.person(password=None), await site.person("ben@example.org", None)
    await come_in(site, ben)
    shown = await seen_from(site, await come_in(site, ann))
    assert shown.account == ann
    assert shown.last_sign_in is None


async def test_the_last_sign_in_is_the_one_before_this(site: Site) -> None:
    ann = await site.person(password=None)
    admitted = [await come_in(site, ann, f"198.51.100.{number}") for number in range(4)]
    for earlier, this in pairwise(admitted):
        last = (await seen_from(site, this)).last_sign_in
        assert last is not None
        assert (last.session, last.address, last.at) == (
            earlier.session.id,
            earlier.session.address,
            earlier.session.created_at,
        )
    assert (await seen_from(site, admitted[0])).last_sign_in is None, "those that came later are in the activity"


async def test_a_refused_sign_in_is_activity_and_no_sign_in(site: Site) -> None:
    ann = await site.person(password=None)
    before = await come_in(site, ann)
    site.clock.advance(timedelta(minutes=1))
    await sign_in(site.browser(), "ann@example.org", "not mine at all")
    shown = await seen_from(site, await come_in(site, ann))
    assert [entry.says for entry in shown.activity] == [
        "Signed in",
        "A sign-in was refused",
        "Signed in",
        "Account created",
    ]
    assert shown.last_sign_in is not None
    assert shown.last_sign_in.session == before.session.id


async def test_the_page_says_it_in_sentences(site: Site) -> None:
    ann = await site.person()
    await come_in(site, ann, "198.51.100.9")
    page = (await (await site.signed_in()).get("/account")).text
    assert "198.51.100.9" in page.partition("Last sign-in")[2].partition("</p>")[0]
    assert "Firefox on Linux" in page.partition("Last sign-in")[2].partition("</p>")[0]
    assert "Account created" in page
    assert "account.created" not in page


async def test_activity_is_the_latest_and_ones_own(site: Site) -> None:
    ann, ben = await site.person(password=None), await site.person("ben@example.org", None)
    last = [await come_in(site, account) for _ in range(21) for account in (ann, ben)][-2]
    activity = (await seen_from(site, last)).activity
    assert [entry.account for entry in activity] == [ann.id] * 20
    assert [entry.at for entry in activity] == sorted((entry.at for entry in activity), reverse=True)


async def test_own_sessions_are_live_and_the_last_used_comes_first(site: Site) -> None:
    ann, ben = await site.person(password=None), await site.person("ben@example.org", None)
    await come_in(site, ann)
    site.clock.advance(timedelta(hours=2))
    ended, second, third = [await come_in(site, ann) for _ in range(3)]
    await come_in(site, ben)
    await end_session(site.desk, VISIT, account=ann.id, session=ended.session.id, actor=ann.id)
    listed = await own_sessions(site.desk, await check_cookie(site.desk, second.secret.reveal()))
    assert listed == [third.session, second.session], "not the idle one, not the ended one, not Ben's"


async def test_an_account_that_is_gone(site: Site) -> None:
    with pytest.raises(SessionEnded):
        await overview(site.desk, Principal(subject="acc_none", session="ses_none"))
