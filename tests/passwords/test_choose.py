"""Taking a new password: how long it must be depends on what it is used with, and how long it was is remembered."""

import pytest

from coatcheck.errors import BadInput
from coatcheck.passwords.choose import choose_password, store_password
from coatcheck.passwords.records import stands_alone
from tests.site import PASSWORD, Site

SHORT = "tin opener"


async def test_a_short_one_is_taken_beside_a_second_factor_alone(site: Site) -> None:
    assert not (await choose_password(site.desk, SHORT, context=(), has_second_factor=True)).stands_alone
    assert (await choose_password(site.desk, PASSWORD, context=(), has_second_factor=True)).stands_alone
    with pytest.raises(BadInput) as refused:
        await choose_password(site.desk, SHORT, context=())
    assert "at least 15 characters" in refused.value.fields["password"]
    with pytest.raises(BadInput) as refused:
        await choose_password(site.desk, "tin", context=(), has_second_factor=True)
    assert "at least 8 characters" in refused.value.fields["password"]


async def test_how_long_it_was_is_remembered(site: Site) -> None:
    ann, without = await site.person(), await site.person("ben@example.org", None)
    told = [await stored(site, account) for account in (ann.id, without.id)]
    for password in (SHORT, PASSWORD):
        chosen = await choose_password(site.desk, password, context=(), has_second_factor=True)
        async with site.desk.database.writing() as tx:
            await store_password(tx, ann.id, chosen, site.desk.now())
        told.append(await stored(site, ann.id))
    assert told == [True, True, False, True]


async def stored(site: Site, account: str) -> bool:
    """Tell whether an account may be left with its password alone."""
    async with site.desk.database.reading() as db:
        return await stands_alone(db, account)
