"""The roots of makers whose keys count as attested: read once, when Coatcheck starts."""

from collections.abc import Iterable
from pathlib import Path

from coatcheck.desk import Desk
from coatcheck.errors import ConfigurationError
from coatcheck.passkeys.verify import read_certificates


class AttestationRoots:
    """Keep the certificates of `sign_in.passkey_attestation_roots`, in PEM."""

    def __init__(self, _desk: Desk) -> None:
        self.pems: tuple[bytes, ...] = ()


def read_roots(files: Iterable[str], base: Path) -> tuple[bytes, ...]:
    """Read the files with the roots, one certificate each or many.

    Args:
        base: the folder that relative paths are in.

    Raises:
        ConfigurationError: a file cannot be read, or holds no certificate.
    """
    return tuple(pem for name in files for pem in _certificates(base / name))


def _certificates(path: Path) -> list[bytes]:
    try:
        return read_certificates(path.read_bytes())
    except (OSError, ValueError) as wrong:
        raise ConfigurationError(
            f"sign_in.passkey_attestation_roots: {path} is no PEM file with certificates: {wrong}"
        ) from None
