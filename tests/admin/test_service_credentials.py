"""Credentials of services: two overlap while one is changed for the other, and each takes its tokens along."""

import json
from datetime import timedelta

import msgspec
import pytest

from coatcheck.admin.service_credentials import remove_credential, rotate_secret
from coatcheck.admin.services import disable_service, list_services
from coatcheck.audit.show import show
from coatcheck.errors import BadInput, Conflict, NotFound
from coatcheck.storage.tidy import tidy
from tests.clients.machines import Machine, Signing, claims_of, machine, present
from tests.site import VISIT, Site


async def rotate(site: Site, service: str) -> Machine:
    site.clock.advance(timedelta(milliseconds=1))
    await site.follow_log()
    secret = await rotate_secret(site.desk, VISIT, service=service, actor="operator")
    assert secret is not None
    return Machine(site, service, secret.reveal())


async def credentials(site: Site) -> list[str]:
    [service] = await list_services(site.desk)
    return [each.id for each in service.credentials]


async def test_the_old_secret_works_until_it_is_removed(site: Site) -> None:
    old = await machine(site)
    new = await rotate(site, old.id)
    tokens = await old.token(), await new.token()
    assert claims_of(tokens[0]).status != claims_of(tokens[1]).status, "each has an index of its own"
    first, _ = await credentials(site)
    assert await remove_credential(site.desk, VISIT, credential=first, actor="operator") == old.id
    assert (await old.ask_for_token()).json()["error"] == "invalid_client"
    assert [await new.counts(token) for token in tokens] == [False, True]
    added, removed = (
        await show(site.desk, event="service.secret_added"),
        await show(site.desk, event="service.credential_removed"),
    )
    assert (added[0].details, removed[0].details) == ({"kind": "secret"}, {"credential": first})


async def test_a_third_is_refused_with_the_way_out(site: Site) -> None:
    made = await machine(site)
    await rotate(site, made.id)
    first, _ = await credentials(site)
    with pytest.raises(Conflict, match=f"coatcheck service remove-credential {first}`, then rotate again"):
        await rotate(site, made.id)
    await remove_credential(site.desk, VISIT, credential=first, actor="operator")
    await rotate(site, made.id)


async def test_a_secret_runs_out(site: Site) -> None:
    made = await machine(site)
    site.clock.advance(timedelta(days=365) - timedelta(minutes=5))
    await site.follow_log()
    answer = (await made.ask_for_token()).json()
    assert answer["expires_in"] == 300, "no token outlives the credential that it was issued for"
    site.clock.advance(timedelta(minutes=5))
    await site.follow_log()
    assert (await made.ask_for_token()).json()["error"] == "invalid_client"


async def test_what_has_run_out_makes_room_and_is_tidied(site: Site) -> None:
    made = await machine(site)
    await rotate(site, made.id)
    site.clock.advance(timedelta(days=365, minutes=2))
    await site.follow_log()
    await rotate(site, made.id)
    assert (await tidy(site.desk.database, site.desk.now()))["service_credentials"] == 2
    assert len(await credentials(site)) == 1


async def test_a_key_takes_the_place_of_a_secret(site: Site) -> None:
    made, key = await machine(site), Signing()
    jwk = json.dumps(key.jwk).encode()
    assert await rotate_secret(site.desk, VISIT, service=made.id, actor="operator", public_key=jwk) is None
    assert (await present(site, key.assertion(site, made.id))).status_code == 200
    assert (await made.ask_for_token()).status_code == 200


async def test_a_key_that_is_none_changes_nothing(site: Site) -> None:
    made, private = await machine(site), msgspec.json.encode({**Signing().jwk, "d": "AA"})
    with pytest.raises(BadInput):
        await rotate_secret(site.desk, VISIT, service=made.id, actor="operator", public_key=private)
    assert len(await credentials(site)) == 1


async def test_nobody_gets_none(site: Site) -> None:
    made = await machine(site)
    [credential] = await credentials(site)
    await disable_service(site.desk, VISIT, service=made.id, actor="operator")
    for service in (made.id, "svc_nobody"):
        with pytest.raises(NotFound):
            await rotate(site, service)
    for gone in (credential, "cred_nobody"):
        with pytest.raises(NotFound):
            await remove_credential(site.desk, VISIT, credential=gone, actor="operator")
