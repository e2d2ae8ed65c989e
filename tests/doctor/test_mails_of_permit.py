"""What a permit tells of the mails to its account: how many were written, and how many still wait."""

from coatcheck.desk.outbox import Postman
from coatcheck.doctor.permit import HEADER
from coatcheck.mail import Message
from tests.doctor.permits import doctor, permit_of
from tests.site import Site


class Handed:
    """Take mails as a mail server does."""

    async def send(self, message: Message) -> None:
        """Take one."""


async def test_written_then_handed_over(site: Site) -> None:
    await site.person()
    permit = await permit_of(site)
    headers = {HEADER: permit.header}

    async def told() -> dict[str, int]:
        mails: dict[str, int] = (await site.machine().get("/api/doctor/permit", headers=headers)).json()["mails"]
        return mails

    assert await told() == {"written": 0, "waiting": 0}
    for email in (permit.email, "ann@example.org"):
        assert (await doctor(site, permit).post("/api/recover", json={"email": email})).status_code == 202
    assert await told() == {"written": 1, "waiting": 1}, "Ann's is not told of"
    await site.desk.keep(Postman).deliver_due(Handed())
    assert await told() == {"written": 1, "waiting": 0}
