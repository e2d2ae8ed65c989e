"""Known devices: who is one, for which account, and for how long."""

from sqlalchemy import select

from coatcheck.desk import Desk
from coatcheck.limits.known_devices import forget_all, is_known, remember
from coatcheck.secret import Secret
from coatcheck.storage.tables.limits import known_devices
from coatcheck.testing.clock import ManualClock
from coatcheck.visit import Visit
from tests.limits.desks import ANN, BOB, DAY, HOME


async def remembered(desk: Desk, visit: Visit = HOME, account: str = ANN) -> Secret:
    async with desk.database.writing() as tx:
        return await remember(tx, desk, visit, account)


def with_device(secret: Secret) -> Visit:
    return Visit(known=secret.reveal())


async def test_is_known_for_its_account_alone(desk: Desk) -> None:
    visit = with_device(await remembered(desk))
    assert await is_known(desk, visit, ANN)
    assert not await is_known(desk, visit, BOB)
    assert not await is_known(desk, visit, "ann@example.org")


async def test_a_visit_without_or_with_a_made_up_value_is_unknown(desk: Desk) -> None:
    await remembered(desk)
    for value in ("", "x", "x" * 5000, "\0", "\ud800", "é"):
        assert not await is_known(desk, Visit(known=value), ANN)


async def test_the_value_is_stored_hashed(desk: Desk) -> None:
    secret = await remembered(desk)
    async with desk.database.reading() as db:
        rows = list(await db.execute(select(known_devices)))
    assert [row.secret_hash for row in rows] == [secret.hashed()]
    assert secret.reveal() not in repr(rows)


async def test_signing_in_again_keeps_the_value_and_prolongs_it(desk: Desk, clock: ManualClock) -> None:
    secret = await remembered(desk)
    clock.advance(100 * DAY)
    assert await remembered(desk, with_device(secret)) == secret
    clock.advance(100 * DAY)
    assert await is_known(desk, with_device(secret), ANN)
    clock.advance(80 * DAY)
    assert not await is_known(desk, with_device(secret), ANN)


async def test_an_expired_value_is_replaced(desk: Desk, clock: ManualClock) -> None:
    secret = await remembered(desk)
    clock.advance(180 * DAY)
    assert await remembered(desk, with_device(secret)) != secret


async def test_a_value_that_a_stranger_chose_is_never_taken_over(desk: Desk) -> None:
    assert (await remembered(desk, Visit(known="chosen"))).reveal() != "chosen"


async def test_another_accounts_device_gets_a_value_of_its_own(desk: Desk) -> None:
    anns = await remembered(desk)
    bobs = await remembered(desk, with_device(anns), BOB)
    assert bobs != anns
    assert await is_known(desk, with_device(anns), ANN)
    assert not await is_known(desk, with_device(bobs), ANN)


async def test_recovery_forgets_every_device_of_that_account(desk: Desk) -> None:
    anns, other, bobs = await remembered(desk), await remembered(desk), await remembered(desk, HOME, BOB)
    async with desk.database.writing() as tx:
        await forget_all(tx, ANN)
    assert not await is_known(desk, with_device(anns), ANN)
    assert not await is_known(desk, with_device(other), ANN)
    assert await is_known(desk, with_device(bobs), BOB)
