"""The two ceremonies, checked by py_webauthn and by what it leaves to us. Loaded with the first use of a passkey."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificates
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import aaguid_to_string, parse_attestation_object
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import AttestationFormat, CredentialDeviceType
from webauthn.registration.verify_registration_response import VerifiedRegistration

from coatcheck.passkeys.answer import Answer
from coatcheck.passkeys.options import ALGORITHMS
from coatcheck.passkeys.passkey import Asserted, NotProven, Registered
from coatcheck.passkeys.rp import RelyingParty

_ALGORITHMS = [COSEAlgorithmIdentifier(each) for each in ALGORITHMS]
_VOUCHED = (AttestationFormat.PACKED,)
"""The formats whose chain ends at the roots it is given, and whose maker signs what the key says of itself. A U2F
statement leaves the flags unsigned; to the other formats, the library adds roots of its own."""
_SHORTEST_ID, _LONGEST_KEY = 16, 2048

T = TypeVar("T")


def register(
    answer: Answer, challenge: bytes, rp: RelyingParty, *, must_verify: bool, roots: Mapping[str, bytes]
) -> Registered:
    """Check that an answer registers a key for this site.

    Raises:
        NotProven: it does not.

    See: WebAuthn section 7.1.
    """
    _check_page(answer)

    def verified(pems: Iterable[bytes]) -> VerifiedRegistration:
        return verify_registration_response(
            credential=answer.text,
            expected_challenge=challenge,
            expected_rp_id=rp.id,
            expected_origin=rp.origin,
            require_user_verification=must_verify,
            supported_pub_key_algs=_ALGORITHMS,
            pem_root_certs_bytes_by_fmt={each: list(pems) for each in _VOUCHED},
        )

    made = _proven(lambda: verified(()))
    if made.credential_id != answer.credential_id or len(made.credential_id) < _SHORTEST_ID:
        raise NotProven("the key's id is another than the answer's, or too short to be one of a kind")
    if len(made.credential_public_key) > _LONGEST_KEY:
        raise NotProven("the key is larger than any")
    return Registered(
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        backup_eligible=made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        backed_up=made.credential_backed_up,
        verifies=made.user_verified,
        aaguid=made.aaguid,
        vouched_by=_voucher(made, verified, roots),
    )


def attested(raw: bytes) -> tuple[Registered, bytes]:
    """Read a registration that another system checked and kept, and the SHA-256 of the host name it was for.

    Raises:
        NotProven: it is malformed.
    """
    said = _proven(lambda: parse_attestation_object(raw)).auth_data
    key = said.attested_credential_data
    if key is None:
        raise NotProven("no key is attested")
    made = Registered(
        credential_id=key.credential_id,
        public_key=key.credential_public_key,
        sign_count=said.sign_count,
        backup_eligible=said.flags.be,
        backed_up=said.flags.bs,
        verifies=said.flags.uv,
        aaguid=aaguid_to_string(key.aaguid),
        vouched_by=None,
    )
    return made, said.rp_id_hash


def use(answer: Answer, challenge: bytes, rp: RelyingParty, public_key: bytes, *, must_verify: bool) -> Asserted:
    """Check that an answer was signed by a key, for this site and this challenge. Its counter is for the caller.

    Raises:
        NotProven: it was not.

    See: WebAuthn section 7.2.
    """
    _check_page(answer)
    used = _proven(
        lambda: verify_authentication_response(
            credential=answer.text,
            expected_challenge=challenge,
            expected_rp_id=rp.id,
            expected_origin=rp.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=must_verify,
        )
    )
    return Asserted(
        sign_count=used.new_sign_count,
        backup_eligible=used.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        backed_up=used.credential_backed_up,
        is_verified=used.user_verified,
    )


def certificates(pem: bytes) -> list[bytes]:
    """Take a PEM file apart into its certificates, in PEM.

    Raises:
        ValueError: there is none in it.
    """
    return [each.public_bytes(Encoding.PEM) for each in load_pem_x509_certificates(pem)]


def _check_page(answer: Answer) -> None:
    if answer.is_framed:
        raise NotProven("the page stood within another site's")


def _voucher(
    made: VerifiedRegistration, verified: Callable[[Iterable[bytes]], VerifiedRegistration], roots: Mapping[str, bytes]
) -> str | None:
    """Give the root of ours that a chain ends at, if a maker's certificate, and not the key itself, signed."""

    def ends_at(pem: bytes) -> bool:
        try:
            _proven(lambda: verified((pem,)))
        except NotProven:
            return False
        return True

    statement = parse_attestation_object(made.attestation_object).att_stmt
    if made.fmt not in _VOUCHED or not statement.x5c:
        return None
    # Each alone: which one it was is kept, and two of one name do not stand in each other's way.
    return next((fingerprint for fingerprint, pem in roots.items() if ends_at(pem)), None)


def _proven(check: Callable[[], T]) -> T:
    try:
        return check()
    except Exception as wrong:  # noqa: BLE001 (a stranger's bytes: whatever a parser makes of them, they prove nothing)
        raise NotProven(f"{type(wrong).__name__}: {wrong}"[:300]) from None
