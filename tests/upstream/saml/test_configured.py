"""A connection of its settings: from metadata or by hand; what is wrong stops the start and says what to do."""

import base64
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from coatcheck.errors import ConfigurationError
from coatcheck.settings.saml import SamlSettings
from coatcheck.upstream.saml.configured import connection_of
from tests.upstream.saml.company import IDP, SSO, certificate_of, ec_key, rsa_key

METADATA = """\
<?xml version="1.0" encoding="utf-8"?>
<!-- as its operator sent it -->
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{idp}">
  <SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/>
  <IDPSSODescriptor {wants} protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <KeyDescriptor{use}>
      <KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>
        {certificate}
      </X509Certificate></X509Data></KeyInfo>
    </KeyDescriptor>
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://no.example"/>
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{binding}" Location="{sso}"/>
  </IDPSSODescriptor>
</EntityDescriptor>"""


def pem_of(key: Any, **how: Any) -> bytes:
    """Write the certificate of a key."""
    return certificate_of(key, **how).public_bytes(Encoding.PEM)


def private_pem(key: Any) -> bytes:
    """Write a private key."""
    written: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return written


def metadata(**changed: str) -> bytes:
    """Write metadata."""
    certificate = base64.encodebytes(certificate_of(rsa_key()).public_bytes(Encoding.DER)).decode()
    usual = {"idp": IDP, "wants": "", "use": "", "certificate": certificate, "binding": "Redirect", "sso": SSO}
    return METADATA.format(**{**usual, **changed}).encode()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Give a folder with the files that settings may name."""
    (tmp_path / "idp.xml").write_bytes(metadata())
    (tmp_path / "idp.pem").write_bytes(pem_of(rsa_key()))
    (tmp_path / "next.pem").write_bytes(pem_of(rsa_key("next")) + pem_of(ec_key()))
    (tmp_path / "ours.pem").write_bytes(pem_of(rsa_key("ours")))
    (tmp_path / "ours.key").write_bytes(private_pem(rsa_key("ours")))
    (tmp_path / "ours.key").chmod(0o600)
    return tmp_path


def settings(files: Path, **given: Any) -> SamlSettings:
    """Give settings by hand, with their paths made absolute."""
    usual = {"idp_entity_id": IDP, "idp_sso_address": SSO, "idp_certificate_files": ("idp.pem",)}
    values = {**usual, **given} if "idp_metadata_file" not in given else given
    for name in ("idp_metadata_file", "key_file", "certificate_file"):
        if values.get(name):
            values[name] = str(files / str(values[name]))
    values["idp_certificate_files"] = tuple(str(files / name) for name in values.get("idp_certificate_files", ()))
    return SamlSettings(**values)


def test_by_metadata(files: Path) -> None:
    made = connection_of("acme", settings(files, idp_metadata_file="idp.xml"))
    assert (made.name, made.title, made.idp_entity_id, made.sso_address) == ("acme", "acme", IDP, SSO)
    assert made.pinned == (certificate_of(rsa_key()),)
    assert made.key is None
    assert (made.name_id, made.email_attribute, made.name_attribute) == ("persistent", "email", "displayName")


def test_by_hand(files: Path) -> None:
    given = settings(files, title="Acme staff", idp_certificate_files=("idp.pem", "next.pem"))
    made = connection_of("acme", given)
    assert made.title == "Acme staff"
    assert [each.public_key() for each in made.pinned] == [
        rsa_key().public_key(),
        rsa_key("next").public_key(),
        ec_key().public_key(),
    ]


def test_the_next_certificate_beside_metadata(files: Path) -> None:
    made = connection_of("acme", settings(files, idp_metadata_file="idp.xml", idp_certificate_files=("next.pem",)))
    assert len(made.pinned) == 3


def test_what_is_said_of_people(files: Path) -> None:
    made = connection_of(
        "acme",
        settings(
            files,
            subject="employee",
            email="mail",
            name="cn",
            groups="memberOf",
            roles=("cn=admins,o=acme = admin", "staff=editor"),
            email_domains=("acme.example",),
            trusts_email=True,
            second_factor=("mfa",),
            makes_accounts=False,
            name_id="email",
        ),
    )
    assert (made.subject_attribute, made.email_attribute, made.name_attribute) == ("employee", "mail", "cn")
    assert (made.groups_attribute, made.roles) == ("memberOf", {"cn=admins,o=acme": "admin", "staff": "editor"})
    assert (made.domains, made.trusts_email, made.second_factor) == (("acme.example",), True, ("mfa",))
    assert (made.makes_accounts, made.name_id) == (False, "email")


def test_a_key_of_ours(files: Path) -> None:
    made = connection_of("acme", settings(files, key_file="ours.key", certificate_file="ours.pem"))
    assert made.key is not None
    assert made.key.public_key() == rsa_key("ours").public_key()
    assert "key" not in repr(made).replace("key_size", "")
    assert made.certificate is not None


def test_a_signed_request_that_is_wanted(files: Path) -> None:
    (files / "idp.xml").write_bytes(metadata(wants='WantAuthnRequestsSigned="true"'))
    with pytest.raises(ConfigurationError, match=r"saml\.acme\.key_file: .*signed requests alone"):
        connection_of("acme", settings(files, idp_metadata_file="idp.xml"))
    connection_of(
        "acme", settings(files, idp_metadata_file="idp.xml", key_file="ours.key", certificate_file="ours.pem")
    )


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"idp_entity_id": ""}, "idp_entity_id: 1 to 500"),
        ({"idp_entity_id": "x" * 501}, "idp_entity_id: 1 to 500"),
        ({"idp_sso_address": ""}, "idp_sso_address: it must be an https"),
        ({"idp_sso_address": "http://idp.acme.example/sso"}, "idp_sso_address: it must be an https"),
        ({"idp_sso_address": "javascript:alert(1)"}, "idp_sso_address: it must be an https"),
        ({"idp_sso_address": "https://idp.acme.example/#x"}, "idp_sso_address: it must be an https"),
        ({"idp_certificate_files": ()}, "idp_certificate_files: no certificate"),
        ({"idp_certificate_files": ("gone.pem",)}, "gone.pem: it cannot be read (No such file or directory)"),
        ({"idp_certificate_files": ("ours.key",)}, "it must hold a certificate in PEM"),
        ({"idp_metadata_file": "gone.xml"}, "gone.xml: it cannot be read"),
        ({"idp_metadata_file": "idp.pem"}, "idp.pem: XML: it does not begin"),
        ({"idp_metadata_file": "idp.xml", "idp_entity_id": IDP}, "idp_metadata_file: the metadata say what"),
        ({"key_file": "ours.key"}, "key_file: it and certificate_file go together"),
        ({"certificate_file": "ours.pem"}, "key_file: it and certificate_file go together"),
        ({"key_file": "ours.pem", "certificate_file": "ours.pem"}, "key_file: "),
        ({"key_file": "ours.key", "certificate_file": "idp.pem"}, "certificate_file: it is the certificate of another"),
    ],
)
def test_what_is_wrong_is_named(files: Path, given: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        connection_of("acme", settings(files, **given))
    assert str(wrong.value).startswith("saml.acme.")
    assert why in str(wrong.value)


def test_sso_on_this_machine_may_be_plain(files: Path) -> None:
    address = "http://127.0.0.1:8080/sso"
    assert connection_of("acme", settings(files, idp_sso_address=address)).sso_address == address


@pytest.mark.parametrize("key", [rsa_key("short", 1024), ec_key(ec.SECP224R1)], ids=["rsa1024", "p224"])
def test_weak_keys_are_not_pinned(files: Path, key: Any) -> None:
    (files / "weak.pem").write_bytes(pem_of(key, name="weak.example"))
    with pytest.raises(ConfigurationError, match=r"the key of CN=weak\.example must be RSA of 2048"):
        connection_of("acme", settings(files, idp_certificate_files=("idp.pem", "weak.pem")))


def test_our_key_is_for_us_alone(files: Path) -> None:
    (files / "ours.key").chmod(0o640)
    with pytest.raises(ConfigurationError, match="others can read it; run `chmod 600"):
        connection_of("acme", settings(files, key_file="ours.key", certificate_file="ours.pem"))
    (files / "ours.key").write_bytes(private_pem(ec_key()))
    (files / "ours.key").chmod(0o600)
    with pytest.raises(ConfigurationError, match="RSA key of 2048 bits"):
        connection_of("acme", settings(files, key_file="ours.key", certificate_file="ours.pem"))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"binding": "SOAP"}, "takes no requests by redirect"),
        ({"certificate": "AAAA"}, "a certificate cannot be read"),
        ({"certificate": "<x/>"}, "elements within"),
        ({"use": ' use="encryption"'}, "no certificate is known"),
        ({"sso": "http://idp.acme.example"}, "must be an https"),
        ({"idp": ""}, "1 to 500 characters"),
    ],
)
def test_metadata_that_say_too_little(files: Path, changed: dict[str, str], why: str) -> None:
    (files / "idp.xml").write_bytes(metadata(**changed))
    with pytest.raises(ConfigurationError, match=why):
        connection_of("acme", settings(files, idp_metadata_file="idp.xml"))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (metadata().replace(b"EntityDescriptor", b"EntitiesDescriptor"), "a federation's list"),
        (metadata().replace(b"IDPSSODescriptor", b"AttributeAuthorityDescriptor"), "no SAML 2.0 identity provider"),
        (metadata().replace(b"SAML:2.0:protocol", b"SAML:1.1:protocol"), "no SAML 2.0 identity provider"),
        (b"<!DOCTYPE a>" + metadata().partition(b"?>\n")[2], "DTD"),
    ],
)
def test_other_documents(files: Path, raw: bytes, why: str) -> None:
    (files / "idp.xml").write_bytes(raw)
    with pytest.raises(ConfigurationError, match=why):
        connection_of("acme", settings(files, idp_metadata_file="idp.xml"))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"name_id": "transient"}, "another at each sign-in"),
        ({"email_domains": ("Acme.example",)}, "lower case"),
        ({"roles": ("admins",), "groups": "groups"}, "must read like"),
        ({"roles": ("admins = admin",)}, "go together"),
        ({"groups": "groups"}, "go together"),
    ],
)
def test_settings_that_cannot_be(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        SamlSettings(**given)
