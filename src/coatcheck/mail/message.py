"""A mail, and whoever sends it."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Message:
    """Carry one plain-text mail to one recipient."""

    to: str
    subject: str
    text: str = field(repr=False)


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
