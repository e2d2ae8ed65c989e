"""A connection's groups give and take roles: those it maps, and no others; a silent provider changes nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from coatcheck.access import records as access
from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.login.begin import begin_sign_in
from coatcheck.login.link import link
from coatcheck.login.prove import Step
from coatcheck.login.sign_in import Admitted, MoreNeeded
from coatcheck.login.with_provider import go_on_with
from coatcheck.sessions import records as sessions
from coatcheck.storage.tables.audit import audit_events
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.identity import Identity
from tests.login.providers import NAME
from tests.site import VISIT, Site, open_site

ISSUER = "https://id.example.org"
TABLE = {
    "entry": "oidc",
    "title": "Work",
    "issuer": ISSUER,
    "client_id": "site",
    "client_secret": "s" * 32,
    "groups": "groups",
    "roles": ("Writers = editor", "Heads = chief", "Nobody's = ghost"),
}
ANN = Identity(provider=NAME, issuer=ISSUER, subject="ann", email="ann@example.org")


@pytest.fixture
async def company(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site where a company's groups give roles, one of which asks for two factors."""
    url = f"sqlite:///{tmp_path / 'site.db'}"
    sign_in = {"role_levels": ("chief = aal2",)}
    async with open_site(url, tmp_path, providers={NAME: TABLE}, sign_in=sign_in) as site:
        for role in ("editor", "chief", "guest"):
            await create_role(site.desk, VISIT, role=role, permissions=[], actor="operator")
        yield site


@pytest.fixture
async def ann(company: Site) -> Account:
    """Make a person who is linked."""
    account = await company.person()
    async with company.desk.database.writing() as tx:
        await link(tx, company.desk, account, ANN)
    return account


async def come(site: Site, *groups: str, known: bool = True) -> Admitted | MoreNeeded:
    """Sign in by a provider that says so."""
    begun = await begin_sign_in(site.desk, VISIT, identifier="")
    step = Step(begun.sign_in, begun.continuation.reveal())
    identity = replace(ANN, groups=groups if known else None)
    return await go_on_with(site.desk, VISIT, step, site.desk.keep(Providers).get(NAME), identity)


async def roles(site: Site, account: Account) -> list[str]:
    async with site.desk.database.reading() as db:
        return await access.roles_of(db, account.id, site.desk.now())


async def epoch(site: Site, account: Account) -> int:
    async with site.desk.database.reading() as db:
        found = await accounts.find(db, account.id)
    assert found is not None
    return found.epoch


async def alive(site: Site, session: str) -> bool:
    async with site.desk.database.writing() as tx:
        return await sessions.lock(tx, session) is not None


async def test_a_group_gives_its_role_and_its_loss_takes_it(company: Site, ann: Account) -> None:
    assert isinstance(await come(company, "Writers", "People who like cake"), Admitted)
    assert await roles(company, ann) == ["editor"]

    assert isinstance(await come(company), Admitted)
    assert await roles(company, ann) == []


async def test_other_roles_are_not_touched(company: Site, ann: Account) -> None:
    await grant_role(company.desk, VISIT, account=ann.id, role="guest", actor="operator")
    await come(company, "Writers", "guest")
    await come(company)
    assert await roles(company, ann) == ["guest"]


async def test_what_was_given_for_a_time_stays_once_a_group_gives_it(company: Site, ann: Account) -> None:
    until = company.clock.now() + 3_600_000
    await grant_role(company.desk, VISIT, account=ann.id, role="editor", until=until, actor="operator")
    await come(company, known=False)
    assert await ends(company, ann) == {"editor": until}
    await come(company, "Writers")
    assert await ends(company, ann) == {"editor": None}


async def ends(site: Site, account: Account) -> dict[str, int | None]:
    async with site.desk.database.reading() as db:
        return {each.role: each.expires_at for each in await access.assignments_of(db, account.id)}


async def test_groups_that_are_not_known_change_nothing(company: Site, ann: Account) -> None:
    """A token with too many groups carries none of them (Microsoft): that takes no role away."""
    await come(company, "Writers")
    await come(company, known=False)
    assert await roles(company, ann) == ["editor"]


async def test_a_role_that_does_not_exist_is_not_given(company: Site, ann: Account) -> None:
    assert isinstance(await come(company, "Nobody's", "Writers"), Admitted)
    assert await roles(company, ann) == ["editor"]


async def test_a_role_with_a_level_ends_sessions_and_voids_what_is_pending(company: Site, ann: Account) -> None:
    """As `grant_role` does: what was opened or begun before may not reach what the role asks for."""
    before = await come(company)
    assert isinstance(before, Admitted)
    old = await epoch(company, ann)

    raised = await come(company, "Heads")

    assert isinstance(raised, MoreNeeded), "the sign-in that brought the role goes on, and has to reach its level"
    assert await roles(company, ann) == ["chief"]
    assert await epoch(company, ann) == old + 1
    assert not await alive(company, before.session.id)


async def test_such_a_role_ends_nothing_twice(company: Site, ann: Account) -> None:
    await come(company, "Heads")
    old = await epoch(company, ann)
    await come(company, "Heads")
    assert await epoch(company, ann) == old


async def test_a_role_without_a_level_ends_nothing(company: Site, ann: Account) -> None:
    before, old = await come(company), await epoch(company, ann)
    await come(company, "Writers")
    assert isinstance(before, Admitted)
    assert await alive(company, before.session.id)
    assert await epoch(company, ann) == old


async def test_who_gave_and_took_it_is_written_down(company: Site, ann: Account) -> None:
    await come(company, "Writers")
    await come(company)
    async with company.desk.database.reading() as db:
        query = select(audit_events.c.event, audit_events.c.actor).where(audit_events.c.event.like("role.%ed"))
        written = [tuple(row) for row in await db.execute(query.order_by(audit_events.c.id))]
    own = [each for each in written if each[1] == "provider:work"]
    assert own == [("role.granted", "provider:work"), ("role.revoked", "provider:work")]
