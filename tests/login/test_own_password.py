"""Before something of an account changes, its password is asked for; guesses at it are limited as at sign-in."""

from datetime import timedelta
from pathlib import Path

import pytest

from coatcheck.audit.show import show
from coatcheck.errors import BadInput, FreshSignInNeeded, SessionEnded, TooManyAttempts
from coatcheck.login.own_password import FRESH, prove_own_password
from coatcheck.verifier import Principal
from tests.site import PASSWORD, VISIT, Site, open_site

WRONG = "not mine at all"


async def prove(site: Site, principal: Principal, password: str = PASSWORD) -> None:
    await prove_own_password(site.desk, VISIT, principal, password=password)


async def wrongly(site: Site, principal: Principal, times: int) -> None:
    for _ in range(times):
        with pytest.raises(BadInput) as refused:
            await prove(site, principal, WRONG)
        assert list(refused.value.fields) == ["password"]


async def test_the_right_one_gives_the_account_as_it_was_judged(site: Site) -> None:
    ann = await site.person()
    principal = Principal(subject=ann.id)
    assert await prove_own_password(site.desk, VISIT, principal, password=PASSWORD) == ann
    assert await show(site.desk, event="password.refused") == []


async def test_a_wrong_one_is_said_and_written_down(site: Site) -> None:
    ann = await site.person()
    await wrongly(site, Principal(subject=ann.id), 1)
    entry = (await show(site.desk, account=ann.id))[0]
    assert (entry.event, entry.outcome, entry.address) == ("password.refused", "refused", VISIT.address)
    assert WRONG not in repr(entry)


async def test_an_account_without_a_password_has_none_to_prove(site: Site) -> None:
    ann = await site.person(password=None)
    for password in ("", PASSWORD):
        with pytest.raises(BadInput):
            await prove(site, Principal(subject=ann.id), password)


async def test_guesses_are_limited_and_success_clears_them(site: Site) -> None:
    principal = Principal(subject=(await site.person()).id)
    await wrongly(site, principal, 4)
    await prove(site, principal)
    await wrongly(site, principal, 5)
    with pytest.raises(TooManyAttempts):
        await prove(site, principal)


async def test_an_account_that_is_gone(site: Site) -> None:
    with pytest.raises(SessionEnded):
        await prove(site, Principal(subject="acc_none"))


async def test_without_passwords_a_fresh_sign_in_stands_for_it(tmp_path: Path) -> None:
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, passwords={"enabled": False}) as site:
        ann = await site.person(password=None)
        fresh = Principal(subject=ann.id, auth_time=site.desk.now())
        with pytest.raises(FreshSignInNeeded):
            await prove(site, Principal(subject=ann.id), "")
        site.clock.advance(FRESH)
        await prove(site, fresh, "")
        site.clock.advance(timedelta(milliseconds=1))
        with pytest.raises(FreshSignInNeeded):
            await prove(site, fresh, PASSWORD)
