"""The mailbox of development."""

import pytest

from coatcheck.doctor.finding import NotRun
from coatcheck.doctor.outside import mail
from tests.doctor.outside.deployment import Deployment, found_in, instead

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_mailbox_that_is_open(deployment: Deployment) -> None:
    opened = instead("/dev/mail", lambda _: (200, [("content-type", "text/html")], b"<h1>Mails</h1>"))
    assert found_in(await deployment.looked(mail.PROBE, opened)) == ["mailbox-open"]


async def test_whether_mail_is_delivered_is_not_claimed(deployment: Deployment) -> None:
    looked = await deployment.looked(mail.PROBE, with_permit=True)
    assert found_in(looked) == []
    assert isinstance(looked["mail-delivery"], NotRun)
