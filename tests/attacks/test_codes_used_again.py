"""A code that was seen, over a shoulder or by a false site, is typed a second time: anywhere, it is used already."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import delete

from coatcheck.errors import InvalidCode
from coatcheck.login.enrol_totp import prove_enrolled_totp, start_enrolling_totp
from coatcheck.login.prove import Step
from coatcheck.login.sign_in import Admitted
from coatcheck.login.transactions import hold
from coatcheck.login.with_backup_code import prove_backup_code
from coatcheck.login.with_totp import prove_totp
from coatcheck.mfa.totp import code_at, step_of
from coatcheck.storage.tables.ephemeral import ephemeral
from tests.authenticators import at_the_code, key_in, signed_in, with_app
from tests.site import PASSWORD, VISIT, Site, proven


async def test_across_sign_ins(site: Site) -> None:
    ann = await with_app(site, password=None)
    first, second = await at_the_code(site, ann.account), await at_the_code(site, ann.account)
    assert isinstance(await prove_totp(site.desk, VISIT, first, code=ann.code(site)), Admitted)
    with pytest.raises(InvalidCode):
        await prove_totp(site.desk, VISIT, second, code=ann.code(site))
    site.clock.advance(timedelta(seconds=30))
    with pytest.raises(InvalidCode):
        await prove_totp(site.desk, VISIT, second, code=ann.code(site, later=-1))


async def test_an_older_one_that_was_never_typed(site: Site) -> None:
    """Who saw the code before the one that its owner typed cannot use it either."""
    ann = await with_app(site, password=None)
    first, second = await at_the_code(site, ann.account), await at_the_code(site, ann.account)
    assert isinstance(await prove_totp(site.desk, VISIT, first, code=ann.code(site)), Admitted)
    with pytest.raises(InvalidCode):
        await prove_totp(site.desk, VISIT, second, code=ann.code(site, later=-1))


async def test_from_a_sign_in_to_a_step_up(site: Site) -> None:
    ann = await with_app(site)
    browser = await signed_in(site, ann)
    begun = (await browser.post("/api/step-up", json={"acr": "aal2"})).json()
    body = {"continuation": begun["continuation"], "password": PASSWORD}
    more = (await browser.post(f"/api/sign-in/{begun['sign_in']}/password", json=body)).json()
    body = {"continuation": more["continuation"], "code": ann.code(site)}
    refused = await browser.post(f"/api/sign-in/{more['sign_in']}/totp", json=body)
    assert refused.json()["code"] == "invalid_code"


async def test_from_an_enrolment_to_a_sign_in(site: Site) -> None:
    ann = await site.person(password=None)
    held = await hold(site.desk, VISIT, proven(ann), ("enrol_totp",))
    step = Step(held.sign_in, held.continuation.reveal())
    offered = await start_enrolling_totp(site.desk, step)
    code = code_at(key_in(offered.secret), step_of(site.clock.now()))
    assert isinstance(await prove_enrolled_totp(site.desk, VISIT, step, code=code), Admitted)
    now = replace(ann, epoch=ann.epoch + 1)
    with pytest.raises(InvalidCode):
        await prove_totp(site.desk, VISIT, await at_the_code(site, now), code=code)


async def test_a_wrong_first_try_uses_nothing_up(site: Site) -> None:
    """Else a stranger could keep its owner out by typing."""
    ann = await with_app(site, password=None)
    step = await at_the_code(site, ann.account)
    with pytest.raises(InvalidCode):
        await prove_totp(site.desk, VISIT, step, code=ann.code(site, later=9))
    assert isinstance(await prove_totp(site.desk, VISIT, step, code=ann.code(site)), Admitted)


async def test_losing_the_store_of_tickets_forgives_nothing(site: Site) -> None:
    ann = await with_app(site, password=None)
    for prove, code in ((prove_totp, ann.code(site)), (prove_backup_code, ann.backup_codes[0])):
        step = await at_the_code(site, ann.account)
        assert isinstance(await prove(site.desk, VISIT, step, code=code), Admitted)
        async with site.desk.database.writing() as tx:
            await tx.execute(delete(ephemeral))
        with pytest.raises(InvalidCode):
            await prove(site.desk, VISIT, await at_the_code(site, ann.account), code=code)
