"""A passkey as the rest of the house sees it, and what a browser's answer to a ceremony comes to."""

from typing import ClassVar, Final

from msgspec import Struct

from coatcheck.clock import Instant
from coatcheck.secret import Veiled

MOST = 25
"""Passkeys that one account may have: more than anybody owns devices."""
LONGEST_NAME: Final = 64
TRANSPORTS: Final = ("internal", "hybrid", "usb", "nfc", "ble", "smart-card")
"""How a browser reaches what holds a key (WebAuthn section 5.8.4)."""


class NotProven(Exception):
    """Say, for the log alone, why a browser's answer proves nothing."""


class Passkey(Veiled, frozen=True, kw_only=True):
    """Hold one passkey: a public key, and what its device said of it.

    Args:
        id: `psk_…`, its handle; the credential's own id is the browser's.
        sign_count: how often its device says that it was used; 0 for ever where the device does not count.
        backup_eligible: whether the key may be on several devices; this never changes.
        backed_up: whether it is.
        verifies: whether its device made sure who holds it when it was registered.
        aaguid: the model of the authenticator, as it says itself.
        transports: how a browser reaches it, to choose among several.
        vouched_by: the fingerprint of the root by which its maker vouched for it; it counts while this site trusts it.
    """

    veils: ClassVar = frozenset({"public_key"})

    id: str
    account: str
    credential_id: bytes
    public_key: bytes
    name: str
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    verifies: bool
    aaguid: str
    transports: tuple[str, ...]
    created_at: Instant
    last_used_at: Instant | None = None
    vouched_by: str | None = None


class Registered(Veiled, frozen=True, kw_only=True):
    """Say what a registration came to; see `Passkey`."""

    veils: ClassVar = frozenset({"public_key"})

    credential_id: bytes
    public_key: bytes
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    verifies: bool
    aaguid: str
    vouched_by: str | None


class Asserted(Struct, frozen=True, kw_only=True):
    """Say what the use of a passkey came to.

    Args:
        sign_count: how often its device says that it was used.
        is_verified: whether the device made sure who holds it, this time.
    """

    sign_count: int
    backup_eligible: bool
    backed_up: bool
    is_verified: bool


class Allowed(Struct, frozen=True):
    """Name one key that a browser may use, or one that it has already."""

    credential_id: bytes
    transports: tuple[str, ...] = ()
