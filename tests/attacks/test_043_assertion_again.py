"""Attack 43: CVE-2020-15222, CVE-2020-5300, Ory fosite and Hydra: an assertion of `private_key_jwt` works again.

Here its `jti` is spent by one insert in the database, so that it works once in all workers, at all addresses, also when
fifty present it at once (`tests/races/test_services.py`); and it is remembered for longer than it could count.
"""

from datetime import timedelta

from coatcheck.storage.tidy import tidy
from tests.attacks.workers import another_worker
from tests.clients.machines import INTROSPECT, TOKEN, keyed_machine, present
from tests.site import Site


async def test_it_works_once(site: Site) -> None:
    service, key = await keyed_machine(site)
    assertion = key.assertion(site, service)
    assert (await present(site, assertion)).status_code == 200
    async with another_worker(site) as other:
        for node in (site, other):
            for path in (TOKEN, INTROSPECT):
                again = await present(node, assertion, path, token="x")
                assert (again.status_code, again.json()["error"]) == (401, "invalid_client"), path


async def test_its_jti_works_once(site: Site) -> None:
    service, key = await keyed_machine(site)
    first, second = (key.assertion(site, service, jti="one", more=number) for number in range(2))
    assert [(await present(site, each)).status_code for each in (first, second)] == [200, 401]


async def test_another_service_may_choose_the_same(site: Site) -> None:
    for name in ("one", "two"):
        service, key = await keyed_machine(site, name)
        assert (await present(site, key.assertion(site, service, jti="the same"))).status_code == 200


async def test_one_that_was_refused_for_its_signature_spends_nothing(site: Site) -> None:
    service, key = await keyed_machine(site)
    _, other = await keyed_machine(site, "other")
    forged = other.assertion(site, service, jti="one")
    assert (await present(site, forged)).status_code == 401
    assert (await present(site, key.assertion(site, service, jti="one"))).status_code == 200


async def test_clean_up_does_not_bring_it_back(site: Site) -> None:
    service, key = await keyed_machine(site)
    assertion = key.assertion(site, service, exp=site.desk.now() // 1000 + 300)
    assert (await present(site, assertion)).status_code == 200
    for _ in range(6):
        assert (await present(site, assertion)).status_code != 200
        site.clock.advance(timedelta(minutes=1))
        await tidy(site.desk.database, site.desk.now())
