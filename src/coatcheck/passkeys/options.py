"""What a browser is asked: to make a passkey, or to use one. In the JSON of WebAuthn section 5.1.8 and 5.1.9."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

import pybase64

from coatcheck.accounts.account import Account
from coatcheck.passkeys.passkey import Allowed, Passkey
from coatcheck.passkeys.rp import RelyingParty

WAITS: Final = timedelta(minutes=5)
"""How long a challenge waits for its answer (WebAuthn section 15.1)."""
ALGORITHMS: Final = (-8, -7, -257)
"""EdDSA, ES256, RS256: what every authenticator has one of (RFC 9053)."""


def to_use(
    rp: RelyingParty, challenge: bytes, allowed: Iterable[Allowed], *, must_verify: bool, waits: timedelta = WAITS
) -> dict[str, Any]:
    """Ask for the use of a passkey: one of those named, or any that its device finds by itself."""
    return {
        "challenge": b64url(challenge),
        "timeout": _millis(waits),
        "rpId": rp.id,
        "allowCredentials": [_named(each) for each in allowed],
        "userVerification": _verification(must_verify),
    }


def to_register(
    rp: RelyingParty, challenge: bytes, account: Account, own: Iterable[Passkey], *, must_verify: bool, attested: bool
) -> dict[str, Any]:
    """Ask for a new passkey, on a device that holds none of the account yet.

    Args:
        must_verify: whether it must make sure who holds it, as where nothing else proves the account.
        attested: whether its maker is asked for.
    """
    name = account.email or account.username or account.id
    return {
        "rp": {"id": rp.id, "name": rp.name},
        "user": {"id": b64url(user_handle(account.id)), "name": name, "displayName": account.username or name},
        "challenge": b64url(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": each} for each in ALGORITHMS],
        "timeout": _millis(WAITS),
        "excludeCredentials": [_named(Allowed(each.credential_id, each.transports)) for each in own],
        # Found by its device without a name, where the device has room for that. A key that must stand alone must be.
        "authenticatorSelection": {
            "residentKey": "required" if must_verify else "preferred",
            "requireResidentKey": must_verify,
            "userVerification": _verification(must_verify),
        },
        "attestation": "direct" if attested else "none",
    }


def user_handle(account: str) -> bytes:
    """Give what a passkey keeps of its account: the id, which is random and names nobody (WebAuthn section 14.6.1)."""
    return account.encode()


def b64url(value: bytes) -> str:
    """Spell bytes as WebAuthn's JSON does."""
    return pybase64.urlsafe_b64encode(value).decode().rstrip("=")


def _named(each: Allowed) -> dict[str, Any]:
    return {"type": "public-key", "id": b64url(each.credential_id), "transports": list(each.transports)}


def _verification(must_verify: bool) -> str:
    return "required" if must_verify else "preferred"


def _millis(waits: timedelta) -> int:
    return waits // timedelta(milliseconds=1)
