"""Backup codes: ten, readable, hard to guess, kept as HMACs, each used once."""

import math

import pytest
from sqlalchemy import select

from coatcheck.mfa.backup_codes import ALPHABET, COUNT, LENGTH, draw_codes, normalised, replace_codes, spend_code
from coatcheck.mfa.records import codes_left
from coatcheck.storage.tables.mfa import backup_codes
from tests.authenticators import with_app
from tests.site import Site


async def spends(site: Site, account: str, typed: str) -> bool:
    async with site.desk.database.writing() as tx:
        return await spend_code(tx, site.desk, account, typed)


def test_codes_are_readable_and_hard_to_guess() -> None:
    codes = draw_codes()
    assert len(set(codes)) == COUNT == 10
    assert LENGTH * math.log2(len(ALPHABET)) > 40
    assert set("01ilou").isdisjoint(ALPHABET)
    for code in codes:
        assert (len(code), code[5]) == (11, "-")
        assert set(code) <= {*ALPHABET, "-"}


@pytest.mark.parametrize("typed", ["k7p4m-9xw2c", "K7P4M9XW2C", " k7p4m 9xw2c\n", "k7-p4-m9-xw-2c", "k7p4m–9xw2c"])
def test_spaces_dashes_and_capitals_do_not_count(typed: str) -> None:
    assert normalised(typed) == "k7p4m9xw2c"


@pytest.mark.parametrize("typed", ["", "k7p4m-9xw2", "k7p4m-9xw2cc", "k7p4m-9xw2o", "k7p4m_9xw2c", "K7p4m-9xw2İ"])
def test_what_is_no_code(typed: str) -> None:
    assert normalised(typed) is None


async def test_a_code_is_used_once(site: Site) -> None:
    ann = await with_app(site)
    for number, code in enumerate(ann.backup_codes):
        assert await spends(site, ann.account.id, code.upper())
        assert not await spends(site, ann.account.id, code)
        async with site.desk.database.reading() as db:
            assert (await codes_left(db, ann.account.id))[0] == 9 - number


async def test_a_code_is_its_own_accounts(site: Site) -> None:
    ann, ben = await with_app(site), await with_app(site, "ben@example.org")
    assert not await spends(site, ben.account.id, ann.backup_codes[0])


async def test_the_database_holds_no_code(site: Site) -> None:
    ann = await with_app(site)
    async with site.desk.database.reading() as db:
        kept = {row[0] for row in await db.execute(select(backup_codes.c.code_mac))}
    plain = [code.replace("-", "") for code in ann.backup_codes]
    assert kept == {site.desk.key_ring.mac("backup code", ann.account.id, code) for code in plain}
    assert not any(code.encode() in mac for code in plain for mac in kept)


async def test_a_new_set_takes_the_place_of_the_old_one(site: Site) -> None:
    ann = await with_app(site)
    async with site.desk.database.writing() as tx:
        codes = await replace_codes(tx, site.desk, ann.account.id)
    assert not await spends(site, ann.account.id, ann.backup_codes[0])
    assert await spends(site, ann.account.id, codes[0])
