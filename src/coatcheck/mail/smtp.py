"""Send mail by SMTP."""

from email.message import EmailMessage
from email.utils import make_msgid
from urllib.parse import unquote, urlsplit

import aiosmtplib

from coatcheck.mail.message import MailNotSent, Message

_TIMEOUT_SECONDS = 15


class SmtpMailer:
    """Send each mail over its own connection to one SMTP server.

    Args:
        url: `smtp://user:password@host:587` (STARTTLS where the server offers it) or `smtps://…:465`.
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
            await aiosmtplib.send(
                mail,
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._tls,
                timeout=_TIMEOUT_SECONDS,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailNotSent(f"{self._host}:{self._port}: {type(error).__name__}") from None
