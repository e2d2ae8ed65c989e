"""The mail room: a message, and how it leaves by SMTP."""

from coatcheck.mail.message import Mailer, Message

__all__ = ["Mailer", "Message"]
