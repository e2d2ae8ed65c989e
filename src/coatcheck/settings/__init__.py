"""Every setting: one frozen struct a room, read from `coatcheck.toml`, the environment and keywords.

A section of type `Mapping[str, X]` holds tables of its owner's naming, such as `[providers.github]`, each an `X`.
"""

from collections.abc import Mapping

from msgspec import Struct, field

from coatcheck import unsafe
from coatcheck.errors import ConfigurationError
from coatcheck.settings.api_keys import ApiKeySettings
from coatcheck.settings.audit import AuditSettings
from coatcheck.settings.clients import ClientSettings
from coatcheck.settings.gateway import GatewaySettings
from coatcheck.settings.keys import SYMMETRIC, KeySettings
from coatcheck.settings.limits import LimitSettings
from coatcheck.settings.mail import MailSettings
from coatcheck.settings.passwords import PasswordSettings
from coatcheck.settings.providers import ProviderSettings, is_table_name
from coatcheck.settings.revocation import RevocationSettings
from coatcheck.settings.saml import SamlSettings
from coatcheck.settings.server import ServerSettings
from coatcheck.settings.sessions import SessionSettings
from coatcheck.settings.sign_in import SignInSettings
from coatcheck.settings.site import SiteSettings
from coatcheck.settings.storage import DatabaseSettings, EphemeralSettings, SecretSettings
from coatcheck.settings.tokens import TokenSettings
from coatcheck.settings.web import WebSettings

__all__ = [
    "ApiKeySettings",
    "AuditSettings",
    "ClientSettings",
    "DatabaseSettings",
    "EphemeralSettings",
    "GatewaySettings",
    "KeySettings",
    "LimitSettings",
    "MailSettings",
    "PasswordSettings",
    "ProviderSettings",
    "RevocationSettings",
    "SamlSettings",
    "SecretSettings",
    "ServerSettings",
    "SessionSettings",
    "Settings",
    "SignInSettings",
    "SiteSettings",
    "TokenSettings",
    "WebSettings",
]


class Settings(Struct, frozen=True, kw_only=True):
    """Hold every section; a section is a table of `coatcheck.toml`."""

    site: SiteSettings = field(default_factory=SiteSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    web: WebSettings = field(default_factory=WebSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    ephemeral: EphemeralSettings = field(default_factory=EphemeralSettings)
    secret: SecretSettings = field(default_factory=SecretSettings)
    sessions: SessionSettings = field(default_factory=SessionSettings)
    sign_in: SignInSettings = field(default_factory=SignInSettings)
    passwords: PasswordSettings = field(default_factory=PasswordSettings)
    providers: Mapping[str, ProviderSettings] = field(default_factory=dict)
    saml: Mapping[str, SamlSettings] = field(default_factory=dict)
    limits: LimitSettings = field(default_factory=LimitSettings)
    keys: KeySettings = field(default_factory=KeySettings)
    tokens: TokenSettings = field(default_factory=TokenSettings)
    clients: ClientSettings = field(default_factory=ClientSettings)
    api_keys: ApiKeySettings = field(default_factory=ApiKeySettings)
    gateway: GatewaySettings = field(default_factory=GatewaySettings)
    revocation: RevocationSettings = field(default_factory=RevocationSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)

    def __post_init__(self) -> None:
        for section, tables in (("providers", self.providers), ("saml", self.saml)):
            for name in tables:
                if not is_table_name(name):
                    raise ConfigurationError(f"{section}: {name!r:.60} must be 1 to 40 of a-z, 0-9 and -")
        for name in self.providers.keys() & self.saml.keys():
            raise ConfigurationError(
                f"saml.{name}: call it otherwise: there is providers.{name}, and addresses name both"
            )
        if self.keys.algorithm == SYMMETRIC:
            self._check_shared_secret()
        if self.gateway.secret is not None:
            self._check_gateway(self.gateway)

    def _check_gateway(self, gateway: GatewaySettings) -> None:
        """Refuse a gateway that nobody could use, or whose tokens would be good for ourselves."""
        issuer = (self.server.public_url or "").rstrip("/")
        if not issuer or not self.server.trusted_proxies:
            raise ConfigurationError(
                "gateway.secret: set server.public_url, which its tokens name, and server.trusted_proxies, who may ask"
            )
        for host, audience in gateway.audiences.items():
            if audience.rstrip("/") == issuer:
                raise ConfigurationError(
                    f"gateway.hosts: {host} needs an audience of its own, not {issuer}: what a proxy passes on to the "
                    "service behind it would be good for Coatcheck itself"
                )

    def _check_shared_secret(self) -> None:
        """Refuse HS256 unless its owner chose it by name, for one process: what checks its tokens can make them."""
        if unsafe.SHARED_SECRET_TOKENS.name not in self.server.unsafe:
            raise ConfigurationError(
                f"keys.algorithm: with {SYMMETRIC} whoever can check a token can make one: choose RS256, ES256, "
                f"EdDSA or PS256, or list {unsafe.SHARED_SECRET_TOKENS.name} in server.unsafe"
            )
        if self.server.workers > 1:
            raise ConfigurationError(
                f"keys.algorithm: {SYMMETRIC} is for one process, and there are {self.server.workers} workers: "
                "choose RS256, ES256, EdDSA or PS256"
            )
