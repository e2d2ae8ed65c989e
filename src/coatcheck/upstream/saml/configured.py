"""Makes a connection of its settings, once, at the start: a wrong one stops it, with the setting and what to do."""

import os
from pathlib import Path
from typing import Final, cast
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import Certificate, load_pem_x509_certificates

from coatcheck.errors import ConfigurationError
from coatcheck.settings.saml import SamlSettings
from coatcheck.upstream.saml.answer import Refused
from coatcheck.upstream.saml.connection import NameId, SamlConnection
from coatcheck.upstream.saml.read import IdpMetadata, read_idp_metadata

_LONGEST_FILE: Final = 256 * 1024
_LONGEST_ENTITY_ID: Final = 500
_RSA_BITS: Final = 2048
_CURVES: Final = ("secp256r1", "secp384r1", "secp521r1")
_OTHERS: Final = 0o077


def connection_of(name: str, settings: SamlSettings) -> SamlConnection:
    """Make a connection of its settings and of the files they name.

    Args:
        name: the table's own name, such as `acme` for `[saml.acme]`.
        settings: with the paths of files made absolute.

    Raises:
        ConfigurationError: a setting is wrong, or a file is not what it must be; it names the setting and the fix.
    """
    metadata = _metadata(name, settings)
    key, certificate = _own_key(name, settings)
    if metadata.wants_signed_requests and key is None:
        raise _wrong(name, "key_file", "the identity provider takes signed requests alone: set it and certificate_file")
    return SamlConnection(
        name=name,
        title=settings.title or name,
        idp_entity_id=_entity_id(name, metadata),
        sso_address=_address(name, metadata),
        pinned=_pinned(name, metadata),
        key=key,
        certificate=certificate,
        name_id=cast(NameId, settings.name_id),
        subject_attribute=settings.subject,
        email_attribute=settings.email,
        name_attribute=settings.name,
        groups_attribute=settings.groups,
        domains=settings.email_domains,
        trusts_email=settings.trusts_email,
        roles=settings.role_of_group,
        second_factor=settings.second_factor,
        makes_accounts=settings.makes_accounts,
    )


def _metadata(name: str, settings: SamlSettings) -> IdpMetadata:
    """Give what is known of the identity provider: its metadata, or what stands in the settings instead."""
    more = [
        certificate
        for file in settings.idp_certificate_files
        for certificate in _certificates(name, "idp_certificate_files", file)
    ]
    if settings.idp_metadata_file is None:
        return IdpMetadata(
            entity_id=settings.idp_entity_id,
            sso_address=settings.idp_sso_address,
            certificates=tuple(more),
            wants_signed_requests=False,
        )
    if settings.idp_entity_id or settings.idp_sso_address:
        raise _wrong(
            name, "idp_metadata_file", "the metadata say what idp_entity_id and idp_sso_address say: unset them"
        )
    raw = _read(name, "idp_metadata_file", settings.idp_metadata_file)
    try:
        said = read_idp_metadata(raw)
    except Refused as refused:
        raise _wrong(name, "idp_metadata_file", f"{settings.idp_metadata_file}: {refused}") from None
    return IdpMetadata(
        entity_id=said.entity_id,
        sso_address=said.sso_address,
        certificates=(*said.certificates, *more),
        wants_signed_requests=said.wants_signed_requests,
    )


def _entity_id(name: str, metadata: IdpMetadata) -> str:
    entity_id = metadata.entity_id
    if not entity_id or len(entity_id) > _LONGEST_ENTITY_ID or not entity_id.isprintable():
        raise _wrong(name, "idp_entity_id", f"1 to {_LONGEST_ENTITY_ID} characters, or set idp_metadata_file")
    return entity_id


def _address(name: str, metadata: IdpMetadata) -> str:
    parts = urlsplit(metadata.sso_address)
    is_near = parts.hostname in ("localhost", "127.0.0.1", "::1")
    is_fit = metadata.sso_address.isascii() and metadata.sso_address.isprintable() and " " not in metadata.sso_address
    if not (parts.hostname and is_fit and not parts.fragment and parts.scheme in ("https", *(("http",) * is_near))):
        raise _wrong(name, "idp_sso_address", "it must be an https:// address, or set idp_metadata_file")
    return metadata.sso_address


def _pinned(name: str, metadata: IdpMetadata) -> tuple[Certificate, ...]:
    if not metadata.certificates:
        raise _wrong(name, "idp_certificate_files", "no certificate is known that answers are signed with")
    for certificate in metadata.certificates:
        key = certificate.public_key()
        is_rsa = isinstance(key, RSAPublicKey) and key.key_size >= _RSA_BITS
        if not is_rsa and not (isinstance(key, EllipticCurvePublicKey) and key.curve.name in _CURVES):
            subject = certificate.subject.rfc4514_string()
            raise _wrong(
                name,
                "idp_certificate_files",
                f"the key of {subject} must be RSA of {_RSA_BITS} bits or more, or on P-256, P-384 or P-521: have the "
                "identity provider make a new one",
            )
    return metadata.certificates


def _own_key(name: str, settings: SamlSettings) -> tuple[RSAPrivateKey | None, Certificate | None]:
    if settings.key_file is None and settings.certificate_file is None:
        return None, None
    if settings.key_file is None or settings.certificate_file is None:
        raise _wrong(name, "key_file", "it and certificate_file go together: set both, or neither")
    try:
        key = load_pem_private_key(_read(name, "key_file", settings.key_file, is_private=True), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey) or key.key_size < _RSA_BITS:
        raise _wrong(name, "key_file", f"it must hold an RSA key of {_RSA_BITS} bits or more, in PEM, not encrypted")
    certificate = _certificates(name, "certificate_file", settings.certificate_file)[0]
    if certificate.public_key() != key.public_key():
        raise _wrong(name, "certificate_file", "it is the certificate of another key than key_file holds")
    return key, certificate


def _certificates(name: str, setting: str, file: str) -> list[Certificate]:
    try:
        return load_pem_x509_certificates(_read(name, setting, file))
    except ValueError:
        raise _wrong(
            name, setting, f"{file}: it must hold a certificate in PEM (-----BEGIN CERTIFICATE-----)"
        ) from None


def _read(name: str, setting: str, file: str, *, is_private: bool = False) -> bytes:
    try:
        with Path(file).open("rb") as opened:
            if is_private and os.fstat(opened.fileno()).st_mode & _OTHERS:
                raise _wrong(name, setting, f"{file}: others can read it; run `chmod 600 {file}`")
            return opened.read(_LONGEST_FILE + 1)
    except OSError as error:
        raise _wrong(name, setting, f"{file}: it cannot be read ({error.strerror})") from None


def _wrong(name: str, setting: str, fix: str) -> ConfigurationError:
    return ConfigurationError(f"saml.{name}.{setting}: {fix}")
