"""Settings of mail."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class MailSettings:
    """Say by which server mail goes out."""

    smtp_url: str | None = field(default=None, repr=False)
    """`smtp://user:password@host:587` (STARTTLS) or `smtps://…:465`. Without it mail waits; on this machine it is
    listed at `/dev/mail`."""

    sender: str = "Coatcheck <no-reply@localhost>"
    """The `From` address."""

    def __post_init__(self) -> None:
        if self.smtp_url is not None and not self.smtp_url.startswith(("smtp://", "smtps://")):
            raise ValueError("mail.smtp_url must start with smtp:// or smtps://")
        if "@" not in self.sender or "\n" in self.sender:
            raise ValueError("mail.sender must read like 'Example <no-reply@example.org>'")
