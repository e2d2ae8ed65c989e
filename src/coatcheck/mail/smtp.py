"""Send mail by SMTP."""

from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib

from coatcheck.mail.message import MailNotSent, Message

_TIMEOUT_SECONDS = 15
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


class SmtpMailer:
    """Send each mail over its own connection to one SMTP server.

    Args:
        url: `smtp://user:password@host:587` or `smtps://…:465`. Off this machine both are encrypted: by STARTTLS,
            which the server must offer then, or from the start.
        sender: the `From` header.
    """

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (465 if self._tls else 587)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._sender = sender
        # Links that open accounts are in these mails: an offer of STARTTLS that was stripped must not pass unnoticed.
        self._start_tls = None if self._tls or self._host in _THIS_MACHINE else True

    def __repr__(self) -> str:
        return f"SmtpMailer({self._host}:{self._port})"

    async def send(self, message: Message) -> None:
        """Hand over one mail.

        Raises:
            MailNotSent: the server refused it or cannot be reached.
        """
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self._sender, message.to, message.subject
        mail["Message-ID"] = make_msgid(domain="coatcheck.invalid")
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        try:
            await aiosmtplib.send(mail, **self._how())
        except (aiosmtplib.SMTPException, OSError) as error:
            raise self._not_sent(error) from None

    async def try_out(self) -> None:
        """Connect and sign in as for a mail, and send none.

        Raises:
            MailNotSent: the server cannot be reached, speaks no TLS, or takes no password of ours.
        """
        try:
            client = aiosmtplib.SMTP(**self._how())
            await client.connect()
            await client.quit()
        except (aiosmtplib.SMTPException, OSError) as error:
            raise self._not_sent(error) from None

    def _how(self) -> dict[str, Any]:
        return {
            "hostname": self._host,
            "port": self._port,
            "username": self._user,
            "password": self._password,
            "use_tls": self._tls,
            "start_tls": False if self._tls else self._start_tls,
            "timeout": _TIMEOUT_SECONDS,
        }

    def _not_sent(self, error: Exception) -> MailNotSent:
        return MailNotSent(f"{self._host}:{self._port}: {type(error).__name__}")
