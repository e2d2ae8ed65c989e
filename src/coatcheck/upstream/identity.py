"""Who somebody is by the word of a provider."""

import hashlib
from typing import ClassVar, Final

from msgspec import Struct

from coatcheck.clock import Instant
from coatcheck.secret import Secret, Veiled

MAX_SUBJECT: Final = 255


class UpstreamTokens(Struct, frozen=True, kw_only=True):
    """Hold what a provider gave to act for the person.

    Args:
        access: its access token.
        refresh: its refresh token, where it gave one.
        scopes: what was granted, which may be less than what was asked.
        expires_at: until when the access token counts; None where it did not say.
        renew_from: from when on it is renewed; None where `expires_at` is.
    """

    access: Secret
    refresh: Secret | None = None
    scopes: tuple[str, ...] = ()
    expires_at: Instant | None = None
    renew_from: Instant | None = None


class Identity(Veiled, frozen=True, kw_only=True):
    """Say who somebody is by the word of a provider.

    Issuer and subject are its key, byte for byte; nothing else of it ever finds an account.

    Args:
        provider: the provider's name in the settings.
        issuer: whose word it is.
        subject: what the issuer calls the person, for ever: at most 255 characters.
        email: an address, normalised, or None.
        is_email_proven: whether the provider may be believed that the mailbox is the person's (`Provider.email_trust`).
        name: what the person is called, fit to be shown.
        groups: what the claim says that the connection maps roles from; None where it is silent or cut short, which
            must not be read as "no groups".
        has_two_factors: whether the provider asked for a second factor, and the operator said that this counts.
        tokens: what the provider gave to act for the person, where the settings ask for it to be kept.
    """

    veils: ClassVar = frozenset({"tokens"})

    provider: str
    issuer: str
    subject: str
    email: str | None = None
    is_email_proven: bool = False
    name: str = ""
    groups: tuple[str, ...] | None = None
    has_two_factors: bool = False
    tokens: UpstreamTokens | None = None

    @property
    def key(self) -> bytes:
        """What it is found by: a digest, so that no collation of a database takes two subjects for one."""
        return identity_key(self.issuer, self.subject)


def identity_key(issuer: str, subject: str) -> bytes:
    """Give the digest of an issuer and a subject, byte for byte; no two pairs have the same."""
    raw = issuer.encode("utf-8", "surrogatepass")
    return hashlib.sha256(len(raw).to_bytes(4, "big") + raw + subject.encode("utf-8", "surrogatepass")).digest()
