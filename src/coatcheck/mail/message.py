"""A mail, and whoever sends it."""

from typing import ClassVar, Protocol

from coatcheck.secret import Veiled


class Message(Veiled, frozen=True, kw_only=True):
    """Carry one plain-text mail to one recipient."""

    veils: ClassVar = frozenset({"text"})

    to: str
    subject: str
    text: str


class Mailer(Protocol):
    """Send mail; `coatcheck.testing` has one that keeps it instead."""

    async def send(self, message: Message) -> None:
        """Hand over one mail.

        Raises:
            MailNotSent: try again later.
        """
        ...


class MailNotSent(Exception):
    """Say that a mail could not be handed over; the message tells the operator why, without its content."""
