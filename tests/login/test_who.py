"""Whom a typed name means: one account by all its names, and one subject for every spelling of a name nobody has."""

import pytest

from coatcheck.admin.lock_account import lock_account
from coatcheck.login.who import find_who
from coatcheck.visit import Visit
from tests.site import Site
from tests.statements import statements

LONG = "long " * 100


@pytest.mark.parametrize(
    ("typed", "email"),
    [
        ("ann@example.org", "ann@example.org"),
        (" Ann@EXAMPLE.org ", "ann@example.org"),
        ("ann", None),
        ("ANN ", None),
    ],
)
async def test_all_names_of_an_account(site: Site, typed: str, email: str | None) -> None:
    ann = await site.person(username="ann", password=None)
    await site.person("ben@example.org", None, "ben")
    who = await find_who(site.desk, typed)
    assert who.account == ann
    assert (who.subject, who.email) == (ann.id, email)


@pytest.mark.parametrize(
    "spellings",
    [
        ("nobody@example.org", "Nobody@EXAMPLE.org", " nobody@example.org "),
        ("nobody", "NOBODY", "nobody "),
        ("my pass phrase", "MY Pass phrase  ", "\uff4d\uff59 pass phrase"),
        ("stra\u00dfe@home", "STRASSE@home"),
        (LONG, LONG + "er"),
        ("", "   "),
    ],
)
async def test_a_name_nobody_has_is_one_subject(site: Site, spellings: tuple[str, ...]) -> None:
    await site.person(password=None)
    found = [await find_who(site.desk, spelling) for spelling in spellings]
    assert [who.account for who in found] == [None] * len(found)
    assert len({who.subject for who in found}) == 1
    assert len(found[0].subject) <= 254
    assert found[0].subject == found[0].typed


async def test_different_names_are_different_subjects(site: Site) -> None:
    names = ("nobody@example.org", "nobody@example.com", "nobody", "not a name", "not another")
    assert len({(await find_who(site.desk, name)).subject for name in names}) == len(names)


@pytest.mark.parametrize("typed", ["seven quiet lanterns drift", "a@b", "nobody", "ann@example.org and more"])
async def test_only_an_address_is_fit_for_the_trail(site: Site, typed: str) -> None:
    assert (await find_who(site.desk, typed)).email is None, "it might be a password in the wrong field"


async def test_a_locked_account_is_found_all_the_same(site: Site) -> None:
    ann = await site.person(password=None)
    await lock_account(site.desk, Visit(), account=ann.id, actor="operator")
    who = await find_who(site.desk, "ann@example.org")
    assert who.account is not None
    assert (who.subject, who.account.is_active) == (ann.id, False)


async def test_every_name_costs_one_look_up(site: Site) -> None:
    await site.person(username="ann", password=None)
    for names in (("ann@example.org", "nobody@example.org"), ("ann", "nobody", "not a name at all", "")):
        ran = []
        for name in names:
            with statements() as seen:
                await find_who(site.desk, name)
            ran.append(len(seen))
        assert ran == [1] * len(names)
