"""Which second factors an account has: backup codes come with the first and go with the last."""

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.ending.close_account import close_account
from coatcheck.login.factors import ASSURANCES
from coatcheck.mfa import records
from coatcheck.mfa.enrolled import SECONDS, add_factor, has_second_factor, is_last, remove_factor
from tests.authenticators import with_app
from tests.site import VISIT, Site


async def now(site: Site, account: Account) -> Account:
    """Give an account as it is now."""
    async with site.desk.database.reading() as db:
        found = await accounts.find(db, account.id)
    assert found is not None
    return found


async def added(site: Site, account: Account, factor: str, *, shows_codes: bool = True) -> tuple[str, ...]:
    async with site.desk.database.writing() as tx:
        held = await accounts.lock(tx, account.id)
        assert held is not None
        return await add_factor(tx, site.desk, held, factor, shows_codes=shows_codes)


async def removed(site: Site, account: Account, factor: str) -> Account:
    async with site.desk.database.writing() as tx:
        held = await accounts.lock(tx, account.id)
        assert held is not None
        await remove_factor(tx, held, factor)
    return await now(site, account)


async def left(site: Site, account: Account) -> int:
    async with site.desk.database.reading() as db:
        return (await records.codes_left(db, account.id))[0]


def test_second_factors_are_those_of_the_policy() -> None:
    assert {factor for factor, assurance in ASSURANCES.items() if assurance.is_second} == SECONDS


async def test_codes_come_with_the_first_and_go_with_the_last(site: Site) -> None:
    ann = await site.person(password=None)
    assert len(await added(site, ann, "totp")) == 10
    assert await added(site, ann, "passkey") == ()
    both = await now(site, ann)
    assert both.factors == {"totp", "passkey", "backup_code"}
    assert both.epoch == ann.epoch + 2
    assert not is_last(both, "totp")
    one = await removed(site, ann, "totp")
    assert one.factors == {"passkey", "backup_code"}
    assert is_last(one, "passkey")
    assert await left(site, ann) == 10
    none = await removed(site, ann, "passkey")
    assert (none.factors, has_second_factor(none), await left(site, ann)) == (frozenset(), False, 0)


async def test_where_nobody_sees_them_none_are_made(site: Site) -> None:
    ann = await site.person(password=None)
    assert await added(site, ann, "totp", shows_codes=False) == ()
    assert (await now(site, ann)).factors == {"totp"}
    assert await left(site, ann) == 0


async def test_a_closed_account_keeps_none(site: Site) -> None:
    ann = await with_app(site)
    await close_account(site.desk, VISIT, account=ann.account.id, actor=ann.account.id)
    async with site.desk.database.reading() as db:
        assert await records.find_totp(db, ann.account.id) is None
    assert await left(site, ann.account) == 0
    assert (await now(site, ann.account)).factors == frozenset()
