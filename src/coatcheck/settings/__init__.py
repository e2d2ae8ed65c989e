"""Every setting: one frozen dataclass a room, read from `coatcheck.toml`, the environment and keywords."""

from dataclasses import dataclass, field

from coatcheck.settings.audit import AuditSettings
from coatcheck.settings.limits import LimitSettings
from coatcheck.settings.mail import MailSettings
from coatcheck.settings.passwords import PasswordSettings
from coatcheck.settings.revocation import RevocationSettings
from coatcheck.settings.server import ServerSettings
from coatcheck.settings.sessions import SessionSettings
from coatcheck.settings.site import SiteSettings
from coatcheck.settings.storage import DatabaseSettings, EphemeralSettings, SecretSettings
from coatcheck.settings.web import WebSettings

__all__ = [
    "AuditSettings",
    "DatabaseSettings",
    "EphemeralSettings",
    "LimitSettings",
    "MailSettings",
    "PasswordSettings",
    "RevocationSettings",
    "SecretSettings",
    "ServerSettings",
    "SessionSettings",
    "Settings",
    "SiteSettings",
    "WebSettings",
]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Hold every section; a section is a table of `coatcheck.toml`."""

    site: SiteSettings = field(default_factory=SiteSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    web: WebSettings = field(default_factory=WebSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    ephemeral: EphemeralSettings = field(default_factory=EphemeralSettings)
    secret: SecretSettings = field(default_factory=SecretSettings)
    sessions: SessionSettings = field(default_factory=SessionSettings)
    passwords: PasswordSettings = field(default_factory=PasswordSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    revocation: RevocationSettings = field(default_factory=RevocationSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)
