"""The doctor with a permit of the server's own: what it tries, what it leaves behind, and what it finds of mail."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from coatcheck.doctor.end_permit import end_permit
from coatcheck.doctor.make_permit import make_permit
from coatcheck.doctor.outside.examine import examine
from coatcheck.errors import ConfigurationError
from coatcheck.storage.tables.accounts import accounts
from coatcheck.storage.tables.sessions import sessions
from coatcheck.visit import Visit
from tests.doctor.outside.deployment import TWO_DAYS_MS, Deployment, codes, not_run
from tests.servers.server import free_port
from tests.site import ORIGIN

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_permit_is_good_for_one_examination(deployment: Deployment) -> None:
    permit = await make_permit(deployment.site.desk, Visit(base_url=ORIGIN), actor="operator")
    await end_permit(deployment.site.desk, Visit(), secret=permit.header)
    with pytest.raises(ConfigurationError, match="used already"):
        await examine(ORIGIN, permit, means=deployment.means())


async def test_it_tries_all_and_leaves_nothing(deployment: Deployment) -> None:
    desk = deployment.site.desk
    deployment.site.clock.advance(timedelta(milliseconds=TWO_DAYS_MS))
    permit = await make_permit(desk, Visit(base_url=ORIGIN), actor="operator")
    report = await examine(ORIGIN, permit, means=deployment.means(plain_port=free_port()))
    assert codes(report) == ["mail-not-delivered"], "as this site has no mail server"
    assert not_run(report).keys() == {"limits-per-node"}
    async with desk.database.reading() as db:
        left = (await db.execute(select(accounts.c.id).where(accounts.c.email == permit.email))).all()
        assert left == []
        assert (
            await db.execute(select(sessions.c.id).where(sessions.c.account.not_in(select(accounts.c.id))))
        ).all() == []
