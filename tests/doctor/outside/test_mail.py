"""The mailbox of development."""

import json
from itertools import chain, repeat
from typing import Any

import pytest
from starlette.types import Scope

from coatcheck.doctor.finding import NotRun
from coatcheck.doctor.outside import mail
from tests.doctor.outside.deployment import Deployment, found_in, instead

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_mailbox_that_is_open(deployment: Deployment) -> None:
    opened = instead("/dev/mail", lambda _: (200, [("content-type", "text/html")], b"<h1>Mails</h1>"))
    assert found_in(await deployment.looked(mail.PROBE, opened)) == ["mailbox-open"]


async def test_whether_mail_is_delivered_is_not_claimed(deployment: Deployment) -> None:
    looked = await deployment.looked(mail.PROBE)
    assert isinstance(looked["mail-not-delivered"], NotRun)
    assert found_in(await deployment.looked(mail.PROBE, with_permit=True)) == []


@pytest.mark.parametrize(
    ("written", "waiting", "found"),
    [
        ([0, 1, 1], [0, 1, 0], []),
        ([2, 3], [0, 0], []),
        ([0, 1], [0, 1], ["mail-not-delivered"]),
        ([1], [0], ["mail-not-delivered"]),
    ],
    ids=["handed-over", "the-third-this-hour", "waits", "never-written"],
)
async def test_mail(deployment: Deployment, written: list[int], waiting: list[int], found: list[str]) -> None:
    """The server tells what became of the mails to the permit's account."""
    told = zip(chain(written, repeat(written[-1])), chain(waiting, repeat(waiting[-1])), strict=False)

    def answer(_: Scope) -> Any:
        counts = dict(zip(("written", "waiting"), next(told), strict=True))
        return 200, [("content-type", "application/json")], json.dumps({"mails": counts}).encode()

    counting = instead("/api/doctor/permit", answer)
    assert found_in(await deployment.looked(mail.PROBE, counting, with_permit=True)) == found
