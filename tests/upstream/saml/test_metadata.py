"""What an identity provider reads of us."""

import base64

import pytest
from cryptography.x509 import load_der_x509_certificate
from lxml import etree

from coatcheck.upstream.saml.connection import SamlConnection
from coatcheck.upstream.saml.metadata import sp_metadata
from coatcheck.upstream.saml.names import MD, NAME_ID_FORMATS, POST, PREFIXES
from coatcheck.upstream.saml.strict_xml import one, parse, text_of
from tests.upstream.saml.company import ACS, BASE_URL, ENTITY_ID, certificate_of, connection, rsa_key

OURS = rsa_key("ours")


def role_of(of: SamlConnection) -> etree._Element:
    """Give what is said of us."""
    root = parse(sp_metadata(BASE_URL, of).encode())
    assert root.tag == f"{{{MD}}}EntityDescriptor"
    assert root.get("entityID") == ENTITY_ID
    return one(root, "md:SPSSODescriptor")


def test_who_we_are_and_where_answers_go() -> None:
    role = role_of(connection())
    assert role.get("WantAssertionsSigned") == "true"
    assert role.get("AuthnRequestsSigned") == "false"
    assert dict(one(role, "md:AssertionConsumerService").attrib) == {
        "Binding": POST,
        "Location": ACS,
        "index": "0",
        "isDefault": "true",
    }
    assert text_of(one(role, "md:NameIDFormat")) == NAME_ID_FORMATS["persistent"]
    assert [etree.QName(each).localname for each in role] == ["NameIDFormat", "AssertionConsumerService"]


def test_no_single_logout_is_named() -> None:
    assert "Logout" not in sp_metadata(BASE_URL, connection(key=OURS, certificate=certificate_of(OURS)))


def test_our_key_is_named_for_both_uses() -> None:
    role = role_of(connection(key=OURS, certificate=certificate_of(OURS)))
    assert role.get("AuthnRequestsSigned") == "true"
    keys = role.findall("md:KeyDescriptor", PREFIXES)
    assert [key.get("use") for key in keys] == ["signing", "encryption"]
    for key in keys:
        written = text_of(one(key, "ds:KeyInfo/ds:X509Data/ds:X509Certificate"))
        assert load_der_x509_certificate(base64.b64decode(written)).public_key() == OURS.public_key()
    ciphers = [each.get("Algorithm", "") for each in keys[1].iterfind("md:EncryptionMethod", PREFIXES)]
    assert [cipher.rpartition("#")[2] for cipher in ciphers] == ["aes256-gcm", "aes128-gcm", "rsa-oaep-mgf1p"]
    assert [etree.QName(each).localname for each in role] == [
        "KeyDescriptor",
        "KeyDescriptor",
        "NameIDFormat",
        "AssertionConsumerService",
    ]


@pytest.mark.parametrize("kind", ["persistent", "email", "unspecified"])
def test_the_format_is_the_one_that_is_asked_for(kind: str) -> None:
    assert text_of(one(role_of(connection(name_id=kind)), "md:NameIDFormat")) == NAME_ID_FORMATS[kind]


def test_none_where_an_attribute_names_people() -> None:
    assert role_of(connection(subject_attribute="employee")).find("md:NameIDFormat", PREFIXES) is None
