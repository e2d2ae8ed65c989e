"""Mail by SMTP, against a real server on this machine."""

import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message as Received
from email.policy import default

import pytest
from aiosmtpd.controller import Controller

from coatcheck.mail.message import MailNotSent, Message
from coatcheck.mail.smtp import SmtpMailer

MESSAGE = Message(to="ann@example.org", subject="Grüße", text="A link: https://auth.example.org/x?token=1\n")


class Inbox:
    """Keep what arrives; refuse who is told to be refused."""

    def __init__(self) -> None:
        self.received: list[Received] = []

    async def handle_RCPT(  # noqa: N802 (the server calls it so)
        self, server: object, session: object, envelope: object, address: str, options: object
    ) -> str:
        if address.startswith("nobody@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)  # type: ignore[attr-defined]
        return "250 OK"

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802
        self.received.append(message_from_bytes(envelope.content, policy=default))  # type: ignore[attr-defined]
        return "250 OK"


@pytest.fixture
def server() -> Iterator[Controller]:
    """Run an SMTP server on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(Inbox(), hostname="127.0.0.1", port=port)
    controller.start()
    yield controller
    controller.stop()


def mailer(server: Controller) -> SmtpMailer:
    return SmtpMailer(f"smtp://127.0.0.1:{server.port}", "Coatcheck <no-reply@example.org>")


async def test_arrives(server: Controller) -> None:
    await mailer(server).send(MESSAGE)
    mail = server.handler.received[0]
    assert (mail["To"], mail["Subject"], mail["From"]) == (
        "ann@example.org",
        "Grüße",
        "Coatcheck <no-reply@example.org>",
    )
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().strip() == MESSAGE.text.strip()


async def test_a_refused_mail_says_so_without_its_content(server: Controller) -> None:
    with pytest.raises(MailNotSent) as refused:
        await mailer(server).send(Message(to="nobody@example.org", subject="Secret", text="token=1"))
    assert "token" not in str(refused.value)
    assert "Secret" not in str(refused.value)


async def test_a_server_that_is_away() -> None:
    with pytest.raises(MailNotSent):
        await SmtpMailer("smtp://127.0.0.1:1", "a@example.org").send(MESSAGE)


def test_elsewhere_starttls_is_demanded() -> None:
    assert SmtpMailer("smtp://mail.example.org", "a@example.org")._start_tls is True
    assert SmtpMailer("smtps://mail.example.org", "a@example.org")._start_tls is None


def test_a_password_is_not_shown() -> None:
    assert "hunter2" not in repr(SmtpMailer("smtp://ann:hunter2@mail.example.org", "a@example.org"))


async def test_a_line_break_in_an_address_is_refused(server: Controller) -> None:
    with pytest.raises((MailNotSent, ValueError)):
        await mailer(server).send(Message(to="ann@example.org\nBcc: all@example.org", subject="x", text="x"))
    assert server.handler.received == []
