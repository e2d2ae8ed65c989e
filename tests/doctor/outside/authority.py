"""An authority of the tests' own, and the certificates that it makes: right ones, and such as a deployment may have."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True)
class Held:
    """Hold where a certificate and its key are."""

    certificate: Path
    key: Path


class Authority:
    """Make certificates; whoever is given `file` trusts them.

    Args:
        folder: where it writes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("Tests")
        self.file = folder / "authority.pem"
        made = self._signed(self._name, self._key, timedelta(days=-1), timedelta(days=3650), is_authority=True)
        self.file.write_bytes(made.public_bytes(Encoding.PEM))

    def certificate(
        self, name: str, *, begins: timedelta = timedelta(days=-30), ends: timedelta = timedelta(days=800)
    ) -> Held:
        """Make a certificate for a name; its times are counted from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._signed(_named(name), key, begins, ends, host=name)
        held = Held(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        held.certificate.write_bytes(made.public_bytes(Encoding.PEM))
        held.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return held

    def _signed(
        self,
        subject: x509.Name,
        key: EllipticCurvePrivateKey,
        begins: timedelta,
        ends: timedelta,
        *,
        host: str = "",
        is_authority: bool = False,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder(self._name, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if host:
            builder = builder.add_extension(x509.SubjectAlternativeName([_general(host)]), critical=False)
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        return builder.sign(self._key, SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
