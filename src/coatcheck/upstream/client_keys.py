"""The private keys by which we prove to providers that we are their client: read and judged when Coatcheck starts."""

import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from coatcheck.errors import ConfigurationError
from coatcheck.secret import Secret

_OTHERS: Final = 0o077
_LONGEST: Final = 20_000
_SHORTEST_RSA: Final = 2048


def read_key(path: Path, *, setting: str) -> tuple[Secret, str]:
    """Read a private key, and give it with the algorithm that it signs by.

    Args:
        path: a PEM file that its owner alone can read.
        setting: which setting names it, for the error.

    Raises:
        ConfigurationError: it cannot be read, others can read it, or it is no key that signs.

    See: RFC 7518 section 3.1; ASVS 11.2.3 (strength), 13.3 (secret management).
    """
    pem = _private_bytes(path, setting)
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigurationError(f"{setting}: {path} is no private key in PEM without a passphrase") from None
    return Secret(pem.decode("ascii", "replace")), _algorithm(key, f"{setting}: {path}")


def _private_bytes(path: Path, setting: str) -> bytes:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & _OTHERS:
                raise ConfigurationError(f"{setting}: others can read {path}; run `chmod 600 {path}`")
            return file.read(_LONGEST)
    except OSError as error:
        raise ConfigurationError(f"{setting}: {path} cannot be read ({error.strerror})") from None


def _algorithm(key: object, where: str) -> str:
    match key:
        case EllipticCurvePrivateKey(curve=SECP256R1()):
            return "ES256"
        case Ed25519PrivateKey():
            return "EdDSA"
        case RSAPrivateKey(key_size=size) if size >= _SHORTEST_RSA:
            return "RS256"
    raise ConfigurationError(f"{where} must be a key on P-256, of Ed25519, or of RSA with {_SHORTEST_RSA} bits or more")
