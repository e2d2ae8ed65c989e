"""Whether an answer proves a passkey. What checks it is loaded with the first one: most workers never meet any."""

import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from coatcheck.passkeys.answer import Answer
from coatcheck.passkeys.options import user_handle
from coatcheck.passkeys.passkey import Asserted, NotProven, Passkey, Registered
from coatcheck.passkeys.rp import RelyingParty

NO_ROOTS: Final[Mapping[str, bytes]] = MappingProxyType({})
# The public key of 1 on P-256, the curve's own point: what an answer under an unknown id is checked against and thrown
# away, so that it takes as long as one under an id that is known.
_DECOY_KEY = bytes.fromhex(
    "a5010203262001215820"
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "225820"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)


def verify_registration(
    answer: Answer, challenge: bytes, rp: RelyingParty, *, must_verify: bool, roots: Mapping[str, bytes] = NO_ROOTS
) -> Registered:
    """Check that an answer registers a key for this site.

    Args:
        challenge: what was asked, once.
        must_verify: whether its device must have made sure who holds it.
        roots: PEM certificates of the makers whose word counts, by their fingerprints.

    Raises:
        NotProven: it does not.

    See: WebAuthn section 7.1.
    """
    registered: Registered = _ceremony().register(answer, challenge, rp, must_verify=must_verify, roots=roots)
    return registered


def verify_use(
    answer: Answer, challenge: bytes, rp: RelyingParty, passkey: Passkey | None, *, must_verify: bool
) -> Asserted:
    """Check that an answer was signed by a passkey and is its account's; an unknown one takes as long.

    Raises:
        NotProven: it was not.

    See: WebAuthn section 7.2.
    """
    key = passkey.public_key if passkey else _DECOY_KEY
    used: Asserted = _ceremony().use(answer, challenge, rp, key, must_verify=must_verify)
    if passkey is None:
        raise NotProven("no such passkey here")
    if answer.user_handle is not None and answer.user_handle != (passkey.user_handle or user_handle(passkey.account)):
        raise NotProven("the key is kept for another account")
    if used.backup_eligible != passkey.backup_eligible:
        raise NotProven("whether the key may be on several devices has changed")
    return used


def read_attestation(raw: bytes) -> tuple[Registered, bytes]:
    """Read a registration that another system checked and kept; give what it came to, and its host name's SHA-256.

    Nothing is proven by it: whoever keeps the key believes the other system.

    Args:
        raw: the attestation object (WebAuthn section 6.5).

    Raises:
        NotProven: it is malformed.
    """
    read: tuple[Registered, bytes] = _ceremony().attested(raw)
    return read


def read_certificates(pem: bytes) -> list[bytes]:
    """Take a PEM file apart into its certificates, in PEM.

    Raises:
        ValueError: there is none in it.
    """
    certificates: list[bytes] = _ceremony().certificates(pem)
    return certificates


def _ceremony() -> Any:
    return importlib.import_module("coatcheck.passkeys.ceremony")
