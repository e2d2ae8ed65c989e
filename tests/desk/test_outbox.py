"""The outbox: a mail leaves once, after its cause was committed, and waits while the mail server is away."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from coatcheck.desk.outbox import Postman, post
from coatcheck.mail import Message
from coatcheck.mail.message import MailNotSent
from coatcheck.storage.tables.mail import outbox
from tests.site import Site

MESSAGE = Message(to="ann@example.org", subject="Hello", text="Only for Ann: 12345")


class Mailbox:
    """Keep what is sent, or refuse it: the outside network's edge."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.away = False

    async def send(self, message: Message) -> None:
        if self.away:
            raise MailNotSent("mail.example.org:587: refused")
        self.sent.append(message)


async def put(site: Site, **more: bool) -> None:
    async with site.desk.database.writing() as tx:
        await post(tx, site.desk, MESSAGE, asked_by_stranger=False, **more)


async def test_leaves_once(site: Site) -> None:
    await put(site)
    mailbox, postman = Mailbox(), site.desk.keep(Postman)
    assert [await postman.deliver_due(mailbox) for _ in range(2)] == [1, 0]
    assert mailbox.sent == [MESSAGE]
    async with site.desk.database.reading() as db:
        assert (await db.execute(select(outbox.c.sealed))).scalar_one() == b"", "what was sent is erased"


async def test_a_rolled_back_cause_sends_nothing(site: Site) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 (the transaction is what must fail)
        async with site.desk.database.writing() as tx:
            await post(tx, site.desk, MESSAGE, asked_by_stranger=False)
            raise ZeroDivisionError
    assert await site.desk.keep(Postman).deliver_due(Mailbox()) == 0


async def test_waits_while_the_server_is_away(site: Site) -> None:
    await put(site)
    mailbox, postman = Mailbox(), site.desk.keep(Postman)
    mailbox.away = True
    assert await postman.deliver_due(mailbox) == 0
    mailbox.away = False
    assert await postman.deliver_due(mailbox) == 0, "not at once again"
    site.clock.advance(timedelta(minutes=2))
    assert await postman.deliver_due(mailbox) == 1


async def test_a_worker_that_dies_while_sending_leaves_it_to_another(site: Site) -> None:
    await put(site)

    class Dies:
        async def send(self, message: Message) -> None:
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        await site.desk.keep(Postman).deliver_due(Dies())
    site.clock.advance(timedelta(minutes=1))
    assert await Postman(site.desk).deliver_due(Mailbox()) == 1


async def test_a_decoy_is_never_sent(site: Site) -> None:
    await put(site, is_decoy=True)
    assert await site.desk.keep(Postman).deliver_due(Mailbox()) == 0
    assert await site.mails() == []


async def test_nothing_of_it_is_stored_in_clear(site: Site) -> None:
    await put(site)
    async with site.desk.database.reading() as db:
        row = repr((await db.execute(select(outbox))).one())
    assert "12345" not in row
    assert "ann@example.org" not in row
    assert await site.mails() == [MESSAGE]
