"""API keys at once: revoked while they are looked up, used while their owner is locked, made while it is closed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
from msgspec.structs import force_setattr

from coatcheck.admin.api_keys import list_keys, make_key_for, revoke_key
from coatcheck.admin.lock_account import lock_account
from coatcheck.admin.roles import revoke_role
from coatcheck.admin.services import disable_service
from coatcheck.api_keys.make import Made
from coatcheck.ending.close_account import close_account
from coatcheck.errors import ApiKeyOverused, ApiKeyRefused, NotFound
from coatcheck.gate.api_key import cached_by
from coatcheck.gate.cache import Entry, PrincipalCache
from tests.api_keys.making import authenticated, editor, key_of
from tests.clients.machines import machine
from tests.races.nodes import Nodes, at_once, visit
from tests.site import Site

CROWD = 20
Change: TypeAlias = Callable[[Site, Made], Awaitable[None]]


async def revoke(node: Site, made: Made) -> None:
    await revoke_key(node.desk, visit(), key=made.key.id, actor="operator")


async def lock(node: Site, made: Made) -> None:
    await lock_account(node.desk, visit(), account=made.key.owner, actor="operator")


async def close(node: Site, made: Made) -> None:
    await close_account(node.desk, visit(), account=made.key.owner, actor=made.key.owner)


async def take_role(node: Site, made: Made) -> None:
    await revoke_role(node.desk, visit(), account=made.key.owner, role="editor", actor="operator")


async def looked_up(node: Site, made: Made) -> Entry:
    """Give what the database says of a key, as the cache would keep it."""
    text = made.secret.reveal()
    await authenticated(node, text)
    entry = node.desk.keep(PrincipalCache).get(cached_by(text), node.desk.now())
    assert entry is not None
    return entry


@pytest.mark.parametrize("change", [revoke, lock, close, take_role])
async def test_a_fill_that_began_before_is_refused(site: Site, change: Change) -> None:
    made = await key_of(site, (await editor(site)).id, "notes:read")
    cache, entry = site.desk.keep(PrincipalCache), await looked_up(site, made)
    ticket = cache.begin()
    await change(site, made)
    assert not cache.fill(ticket, entry)
    assert cache.get(entry.digest, site.desk.now()) is None


async def test_and_of_a_service_that_is_disabled(site: Site) -> None:
    made = await key_of(site, (await machine(site)).id)
    cache, entry = site.desk.keep(PrincipalCache), await looked_up(site, made)
    ticket = cache.begin()
    await disable_service(site.desk, visit(), service=made.key.owner, actor="operator")
    assert not cache.fill(ticket, entry)
    assert cache.get(entry.digest, site.desk.now()) is None


@pytest.mark.parametrize("change", [revoke, lock])
async def test_no_request_after_it_gets_in(cold_pair: Nodes, change: Change) -> None:
    """Requests that miss the cache on two nodes, and a change that commits while they read."""
    here, there = cold_pair
    for number in range(5):
        ann = await editor(here, f"ann{number}@example.org")
        keys = [await key_of(here, ann.id) for _ in range(2)]
        await _under_load(here, there, keys, change)


async def _under_load(here: Site, there: Site, keys: list[Made], change: Change) -> None:
    over = {id(here): asyncio.Event(), id(there): asyncio.Event()}

    async def program(node: Site, made: Made) -> None:
        while True:
            began_after = over[id(node)].is_set()
            try:
                await authenticated(node, made.secret.reveal(), is_use=False)
            except ApiKeyRefused:
                return
            assert not began_after, "a request that began after the change got in"
            await asyncio.sleep(0)

    async def changing() -> None:
        for made in keys if change is revoke else keys[:1]:
            await change(here, made)
        over[id(here)].set()
        await there.follow_log()
        over[id(there)].set()

    await asyncio.gather(*(program(node, made) for node in (here, there) for made in keys), changing())


async def test_of_many_that_revoke_one_does(nodes: Nodes) -> None:
    made = await key_of(nodes[0], (await editor(nodes[0])).id)
    outcomes = await at_once(revoke(nodes[number % 2], made) for number in range(CROWD))
    assert sum(1 for each in outcomes if each is None) == 1
    assert {type(each) for each in outcomes if each is not None} == {NotFound}


async def test_none_is_left_of_an_account_that_is_closed(nodes: Nodes) -> None:
    """Keys are made while their account is closed: what was made before goes with it, and none is made after."""
    here, there = nodes
    ann = await editor(here)
    await key_of(here, ann.id)

    async def make_one() -> Made:
        return await make_key_for(
            there.desk, visit(), owner=ann.id, name="x", scopes=(), lifetime=None, actor="operator"
        )

    async def close_it() -> None:
        await close_account(here.desk, visit(), account=ann.id, actor=ann.id)

    await at_once([*(make_one() for _ in range(5)), close_it(), *(make_one() for _ in range(5))])
    assert await list_keys(here.desk, ann.id) == []


async def test_twenty_uses_at_once_on_two_nodes(nodes: Nodes) -> None:
    for node in nodes:
        force_setattr(node.desk.settings.api_keys, "per_minute", CROWD)
    made = await key_of(nodes[0], (await editor(nodes[0])).id)
    uses = [authenticated(nodes[number % 2], made.secret.reveal()) for number in range(2 * CROWD)]
    outcomes = await at_once(uses)
    refused = [each for each in outcomes if isinstance(each, ApiKeyOverused)]
    assert len(outcomes) - len(refused) == CROWD, "portions of one: exactly as often as is allowed"
    assert {type(each) for each in outcomes if isinstance(each, Exception)} == {ApiKeyOverused}
