"""Signatures: by the pinned keys alone, by the algorithms that count, whatever the answer says about keys itself."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod

from coatcheck.upstream.saml.answer import Answer
from coatcheck.upstream.saml.names import EXC_C14N
from tests.upstream.saml.company import (
    Idp,
    certificate_of,
    connection,
    ec_key,
    expected,
    find,
    outcome,
    put,
    rsa_key,
    write,
)

INFO = "saml:Assertion/ds:Signature/ds:SignedInfo"


@pytest.mark.parametrize(
    ("method", "digest", "key"),
    [
        (SignatureMethod.RSA_SHA256, DigestAlgorithm.SHA256, rsa_key()),
        (SignatureMethod.RSA_SHA384, DigestAlgorithm.SHA384, rsa_key()),
        (SignatureMethod.RSA_SHA512, DigestAlgorithm.SHA512, rsa_key()),
        (SignatureMethod.SHA256_RSA_MGF1, DigestAlgorithm.SHA256, rsa_key()),
        (SignatureMethod.ECDSA_SHA256, DigestAlgorithm.SHA256, ec_key()),
        (SignatureMethod.ECDSA_SHA384, DigestAlgorithm.SHA384, ec_key(ec.SECP384R1)),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_what_counts(method: SignatureMethod, digest: DigestAlgorithm, key: Any) -> None:
    wanted = expected(connection=connection(pinned=(certificate_of(key),)))
    assert isinstance(outcome(Idp(method=method, digest=digest, key=key).signed(), wanted), Answer)


@pytest.mark.parametrize(
    ("method", "digest"),
    [
        (SignatureMethod.RSA_SHA1, DigestAlgorithm.SHA256),
        (SignatureMethod.RSA_SHA256, DigestAlgorithm.SHA1),
        (SignatureMethod.RSA_SHA224, DigestAlgorithm.SHA256),
    ],
)
def test_weak_ones_do_not(method: SignatureMethod, digest: DigestAlgorithm) -> None:
    refused = outcome(Idp(method=method, digest=digest).signed())
    assert isinstance(refused, str)
    assert "forbidden by configuration" in refused


def test_the_public_key_is_no_shared_secret() -> None:
    """HMAC with what everybody knows: as for JWTs, the algorithm is ours to choose."""
    root = Idp().signed()
    method = SignatureMethod.HMAC_SHA256.value
    put(f"{INFO}/ds:SignatureMethod", "Algorithm", method)(root)
    public = rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    mac = HMAC(public, SHA256())
    mac.update(etree.tostring(find(root, INFO), method="c14n", exclusive=True))
    write("saml:Assertion/ds:Signature/ds:SignatureValue", base64.b64encode(mac.finalize()).decode())(root)
    refused = outcome(root)
    assert isinstance(refused, str)
    assert "HMAC_SHA256 forbidden" in refused


def test_two_keys_while_it_changes() -> None:
    old, new = certificate_of(rsa_key("old")), certificate_of(rsa_key())
    wanted = expected(connection=connection(pinned=(old, new)))
    for key in (rsa_key("old"), rsa_key()):
        assert isinstance(outcome(Idp(key=key, signs=("Assertion", "Response")).signed(), wanted), Answer)
    assert isinstance(outcome(Idp(key=rsa_key("other")).signed(), wanted), str)


def test_a_key_in_the_answer_is_not_asked() -> None:
    stranger = rsa_key("stranger")
    refused = outcome(Idp(key=stranger).signed())
    assert isinstance(refused, str)
    assert refused.startswith("signature of the Assertion: InvalidSignature")


def test_what_it_says_about_keys_changes_nothing() -> None:
    root = Idp().signed()
    find(root, "saml:Assertion/ds:Signature/ds:KeyInfo").clear()
    assert isinstance(outcome(root), Answer)


def test_an_expired_certificate_is_judged_by_its_key() -> None:
    wanted = expected(connection=connection(pinned=(certificate_of(rsa_key(), expired=True),)))
    assert isinstance(outcome(Idp().signed(), wanted), Answer)


@pytest.mark.parametrize("signs", [("Assertion",), ("Response",), ("Assertion", "Response")])
def test_a_change_after_signing_is_seen(signs: tuple[str, ...]) -> None:
    for path in ("saml:Assertion/saml:Subject/saml:NameID", "saml:Assertion/saml:Issuer"):
        root = Idp(signs=signs).signed()
        write(path, "mallory")(root)
        refused = outcome(root)
        assert isinstance(refused, str)
        assert "Digest mismatch" in refused


def test_both_signatures_are_checked() -> None:
    """A right one around a wrong one, and a wrong one around a right one."""
    for inner, outer in ((rsa_key("other"), rsa_key()), (rsa_key(), rsa_key("other"))):
        root = Idp(key=inner).signed()
        refused = outcome(Idp(key=outer).sign(root))
        assert isinstance(refused, str)
        assert "InvalidSignature" in refused


def test_strange_input_is_a_refusal() -> None:
    for path, text in (
        ("saml:Assertion/ds:Signature/ds:SignatureValue", "no base64 €"),
        ("saml:Assertion/ds:Signature/ds:SignatureValue", ""),
        (f"{INFO}/ds:Reference/ds:DigestValue", "!"),
    ):
        root = Idp().signed()
        write(path, text)(root)
        assert isinstance(outcome(root), str)
    for path in (f"{INFO}/ds:SignatureMethod", f"{INFO}/ds:Reference/ds:DigestMethod"):
        for value in ("urn:unknown", "", None):
            root = Idp().signed()
            put(path, "Algorithm", value)(root)
            assert isinstance(outcome(root), str)


def test_a_relative_namespace_is_not_taken_for_nothing() -> None:
    """libxml2 refuses to canonicalize one; a library that takes that for an empty text finds every digest right."""
    raw = etree.tostring(Idp().signed()).replace(b"<saml:Subject>", b'<saml:Subject xmlns:v="1">')
    assert isinstance(outcome(raw), str)
    assert EXC_C14N.encode() in raw
