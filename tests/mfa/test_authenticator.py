"""Apps that are kept: their keys sealed, each code of them accepted once."""

from datetime import timedelta

import pytest

from coatcheck.mfa import records
from coatcheck.mfa.authenticator import key_of, spend_totp
from coatcheck.secret import CannotUnseal
from tests.authenticators import with_app
from tests.site import Site


async def test_a_code_is_accepted_once(site: Site) -> None:
    ann = await with_app(site)
    assert await spend_totp(site.desk, ann.account.id, ann.code(site))
    assert not await spend_totp(site.desk, ann.account.id, ann.code(site))
    site.clock.advance(timedelta(seconds=30))
    assert await spend_totp(site.desk, ann.account.id, ann.code(site))


async def test_older_codes_are_used_with_a_newer_one(site: Site) -> None:
    ann = await with_app(site)
    assert await spend_totp(site.desk, ann.account.id, ann.code(site, later=1))
    for older in (0, -1):
        assert not await spend_totp(site.desk, ann.account.id, ann.code(site, later=older))


async def test_the_window_is_a_setting(site: Site) -> None:
    ann = await with_app(site)
    assert site.desk.settings.sign_in.totp_steps == 1
    assert not await spend_totp(site.desk, ann.account.id, ann.code(site, later=2))
    assert not await spend_totp(site.desk, ann.account.id, ann.code(site, later=-2))
    assert await spend_totp(site.desk, ann.account.id, ann.code(site, later=-1))


async def test_another_account_has_another_app(site: Site) -> None:
    ann, ben = await with_app(site), await with_app(site, "ben@example.org")
    assert not await spend_totp(site.desk, ben.account.id, ann.code(site))
    assert not await spend_totp(site.desk, "acc_nobody", ann.code(site))


async def test_a_key_is_sealed_for_its_own_row(site: Site) -> None:
    ann, ben = await with_app(site), await with_app(site, "ben@example.org")
    async with site.desk.database.writing() as tx:
        kept = await records.find_totp(tx, ann.account.id)
        assert kept is not None
        assert ann.key not in kept.sealed
        await records.put_totp(tx, ben.account.id, kept.sealed, 0, 0)
    async with site.desk.database.reading() as db:
        assert await key_of(db, site.desk, ann.account.id) == ann.key
        with pytest.raises(CannotUnseal):
            await key_of(db, site.desk, ben.account.id)
