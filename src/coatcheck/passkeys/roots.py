"""The roots of makers whose keys count as attested: read once, when Coatcheck starts."""

import ssl
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from coatcheck.desk import Desk
from coatcheck.errors import ConfigurationError
from coatcheck.passkeys.passkey import Passkey
from coatcheck.passkeys.verify import read_certificates


class AttestationRoots:
    """Keep the certificates of `sign_in.passkey_attestation_roots`, in PEM, each by its fingerprint."""

    def __init__(self, _desk: Desk) -> None:
        self.pems: Mapping[str, bytes] = {}

    def vouch_for(self, passkey: Passkey) -> bool:
        """Tell whether the root that vouched for a passkey when it was made is one that this site trusts now."""
        return passkey.vouched_by in self.pems


def read_roots(files: Iterable[str], base: Path) -> dict[str, bytes]:
    """Read the files with the roots, one certificate each or many, and give each by its fingerprint.

    Args:
        base: the folder that relative paths are in.

    Raises:
        ConfigurationError: a file cannot be read, or holds no certificate.
    """
    return {_fingerprint(pem): pem for name in files for pem in _certificates(base / name)}


def _fingerprint(pem: bytes) -> str:
    return sha256(ssl.PEM_cert_to_DER_cert(pem.decode("ascii"))).hexdigest()


def _certificates(path: Path) -> list[bytes]:
    try:
        return read_certificates(path.read_bytes())
    except (OSError, ValueError) as wrong:
        raise ConfigurationError(
            f"sign_in.passkey_attestation_roots: {path} is no PEM file with certificates: {wrong}"
        ) from None
