"""Encrypted assertions: for our key, in ways that show a change; what nobody signed is not decrypted by CBC."""

import base64
from typing import Any

import pytest
from lxml import etree

from coatcheck.upstream.saml.answer import Answer, Expected
from coatcheck.upstream.saml.names import XENC, XENC11
from tests.upstream.saml.company import Idp, connection, drop, expected, find, outcome, rsa_key
from tests.upstream.saml.sealing import OUR_KEY, Seal, sealed

BOTH = ("Assertion", "Response")
VALUES = "saml:EncryptedAssertion/xenc:EncryptedData/xenc:CipherData/xenc:CipherValue"
KEY = "saml:EncryptedAssertion/xenc:EncryptedData/ds:KeyInfo/xenc:EncryptedKey"


def ours(**changed: Any) -> Expected:
    """Give what a connection with a key of ours expects."""
    return expected(connection=connection(key=OUR_KEY, **changed))


@pytest.mark.parametrize("signs", [("Assertion",), ("Response",), BOTH])
@pytest.mark.parametrize("bits", [128, 192, 256])
def test_gcm_is_taken(bits: int, signs: tuple[str, ...]) -> None:
    answer = outcome(Idp(seal=sealed(cipher=f"{XENC11}aes{bits}-gcm"), signs=signs).signed(), ours())
    assert isinstance(answer, Answer)
    assert answer.name_id == "8f3c-ada"


@pytest.mark.parametrize("bits", [128, 192, 256])
def test_cbc_is_taken_inside_what_was_signed(bits: int) -> None:
    seal = sealed(cipher=f"{XENC}aes{bits}-cbc")
    for signs in (("Response",), BOTH):
        assert isinstance(outcome(Idp(seal=seal, signs=signs).signed(), ours()), Answer)
    refused = outcome(Idp(seal=seal).signed(), ours())
    assert refused == f"encryption: '{XENC}aes{bits}-cbc' is not taken where no signature covers it"


@pytest.mark.parametrize(
    "how",
    [
        {"digest": "sha256"},
        {"digest": "sha512"},
        {"transport": f"{XENC11}rsa-oaep"},
        {"transport": f"{XENC11}rsa-oaep", "digest": "sha256", "mask": "sha256"},
        {"transport": f"{XENC11}rsa-oaep", "digest": "sha512", "mask": "sha1"},
    ],
)
def test_oaep_is_taken(how: dict[str, str]) -> None:
    assert isinstance(outcome(Idp(seal=sealed(**how)).signed(), ours()), Answer)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"cipher": f"{XENC}tripledes-cbc", "key_bytes": 24}, "tripledes-cbc' is not taken"),
        ({"cipher": "urn:none", "key_bytes": 16}, "'urn:none' is not taken"),
        ({"transport": f"{XENC}rsa-1_5"}, "rsa-1_5' are not taken"),
        ({"digest": "md5"}, "the hash 'urn:md5' is not taken"),
        ({"key_bytes": 16}, "cannot be decrypted"),
        ({"key": rsa_key("another site's")}, "cannot be decrypted"),
    ],
)
def test_other_ways_are_refused(how: dict[str, Any], why: str) -> None:
    refused = outcome(Idp(seal=sealed(**how), signs=BOTH).signed(), ours())
    assert isinstance(refused, str)
    assert refused.startswith("encryption: ")
    assert why in refused


def test_without_a_key_nothing_is_decrypted() -> None:
    refused = outcome(Idp(seal=sealed()).signed())
    assert refused == "encryption: the assertion is encrypted, and the connection has no key_file"


def test_whoever_encrypts_has_still_to_sign() -> None:
    """Our public key is public: anybody can encrypt for us."""
    refused = outcome(Idp(seal=sealed(), signs=()).signed(), ours())
    assert refused == "signature: neither the Response nor the Assertion is signed"
    stranger = outcome(Idp(seal=sealed(), key=rsa_key("stranger")).signed(), ours())
    assert isinstance(stranger, str)
    assert "InvalidSignature" in stranger


@pytest.mark.parametrize("place", [0, 12, -1])
def test_every_failure_of_decrypting_reads_the_same(place: int) -> None:
    root = Idp(seal=sealed()).signed()
    value = find(root, VALUES)
    raw = bytearray(base64.b64decode(value.text))
    raw[place] ^= 1
    value.text = base64.b64encode(raw).decode()
    assert outcome(root, ours()) == "encryption: it cannot be decrypted with our key"


@pytest.mark.parametrize("text", ["", "AAAA", "!", "A" * 40])
def test_nonsense_reads_the_same(text: str) -> None:
    for path in (VALUES, f"{KEY}/xenc:CipherData/xenc:CipherValue"):
        root = Idp(seal=sealed()).signed()
        find(root, path).text = text
        assert outcome(root, ours()) == "encryption: it cannot be decrypted with our key"


def test_two_keys_and_parameters_are_refused() -> None:
    def two(root: Any) -> None:
        sealed()(root)
        key = find(root, KEY)
        key.addnext(etree.fromstring(etree.tostring(key)))

    def parameters(root: Any) -> None:
        sealed()(root)
        etree.SubElement(find(root, f"{KEY}/xenc:EncryptionMethod"), f"{{{XENC}}}OAEPparams")

    for change, why in ((two, "2 keys"), (parameters, "parameters")):
        refused = outcome(Idp(seal=change).signed(), ours())
        assert isinstance(refused, str)
        assert why in refused
    root = Idp(seal=sealed()).signed()
    for path in ("saml:EncryptedAssertion/xenc:EncryptedData", f"{KEY}/xenc:EncryptionMethod", VALUES):
        again = etree.fromstring(etree.tostring(root))
        drop(path)(again)
        assert isinstance(outcome(again, ours()), str)


def test_what_is_within_is_read_as_strictly() -> None:
    """A comment, a second assertion, another root: as in a plain answer."""
    assertion = etree.tostring(find(Idp().signed(), "saml:Assertion"), with_tail=False)
    within = {
        b"<!-- -->" + assertion: "XML",
        b"<!DOCTYPE a>" + assertion: "DTD",
        assertion.replace(b"<saml:Subject>", assertion + b"<saml:Subject>", 1): "not one assertion",
        b"<a>" + assertion + b"</a>": "not one assertion",
        assertion.replace(b'ID="_assertion"', b'ID="_other"'): "not of the Assertion",
    }
    for plain, why in within.items():
        root = Idp(seal=sealed()).signed()
        encrypted = find(root, "saml:EncryptedAssertion")
        root.replace(encrypted, Seal().sealed(plain))
        refused = outcome(root, ours())
        assert isinstance(refused, str)
        assert why in refused


def test_a_signed_response_is_bound_to_what_it_encrypts() -> None:
    """Who can encrypt for us puts an assertion of his own into a Response that was signed around another."""
    root = Idp(seal=sealed(), signs=BOTH).signed()
    forged = etree.tostring(find(Idp(name_id="root", signs=()).signed(), "saml:Assertion"), with_tail=False)
    root.replace(find(root, "saml:EncryptedAssertion"), Seal().sealed(forged))
    refused = outcome(root, ours())
    assert isinstance(refused, str)
    assert "Digest mismatch" in refused
