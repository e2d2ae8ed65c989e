"""Settings of mail."""

from typing import ClassVar

from coatcheck.secret import Veiled


class MailSettings(Veiled, frozen=True, kw_only=True):
    """Say by which server mail goes out."""

    veils: ClassVar = frozenset({"smtp_url"})

    smtp_url: str | None = None
    """`smtp://user:password@host:587` (STARTTLS) or `smtps://…:465`. Without it mail waits; on this machine it is
    listed at `/dev/mail`."""

    sender: str = "Coatcheck <no-reply@localhost>"
    """The `From` address."""

    def __post_init__(self) -> None:
        if self.smtp_url is not None and not self.smtp_url.startswith(("smtp://", "smtps://")):
            raise ValueError("mail.smtp_url must start with smtp:// or smtps://")
        if "@" not in self.sender or "\n" in self.sender:
            raise ValueError("mail.sender must read like 'Example <no-reply@example.org>'")
