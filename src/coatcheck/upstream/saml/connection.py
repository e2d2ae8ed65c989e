"""A company's identity provider as this site uses it: what the operator said of it, checked. Data, and frozen."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from coatcheck.secret import Veiled

if TYPE_CHECKING:  # a site without SAML reads no certificate, and what reads them takes memory and time to import
    from cryptography.x509 import Certificate

NameId: TypeAlias = Literal["persistent", "email", "unspecified"]


class SamlConnection(Veiled, frozen=True, kw_only=True):
    """Hold what is asked of an identity provider and what of its answers is believed.

    Args:
        name: what the settings and addresses call it, such as `acme`.
        title: what people call it.
        idp_entity_id: the identity provider's name for itself, to the letter.
        sso_address: where it takes requests by redirect.
        pinned: the certificates whose keys its answers may be signed with: two while it changes from one to the other.
            Nothing of them counts but the key; an expired one is judged by its key too.
        key: our own RSA key: requests are signed with it, assertions may be encrypted for it.
        certificate: what others know that key by.
        name_id: the one format of NameID that is a person's lasting name here.
        subject_attribute: the attribute that is it instead; empty where the NameID is.
        email_attribute, name_attribute, groups_attribute: where an address, the name and the groups stand; empty where
            they are not read.
        domains: the email domains this connection signs in, each proven.
        trusts_email: whether its word about an address of those domains counts.
        roles: which group gives which role.
        second_factor: values of `AuthnContextClassRef` that the operator takes for a second factor.
        makes_accounts: whether somebody who comes for the first time gets an account.
    """

    veils: ClassVar = frozenset({"key"})

    name: str
    title: str
    idp_entity_id: str
    sso_address: str
    pinned: "tuple[Certificate, ...]"
    key: RSAPrivateKey | None = None
    certificate: "Certificate | None" = None
    name_id: NameId = "persistent"
    subject_attribute: str = ""
    email_attribute: str = ""
    name_attribute: str = ""
    groups_attribute: str = ""
    domains: tuple[str, ...] = ()
    trusts_email: bool = False
    roles: Mapping[str, str] = {}
    second_factor: tuple[str, ...] = ()
    makes_accounts: bool = True


def acs_of(base_url: str, name: str) -> str:
    """Give the address that a connection's answers are posted to (the assertion consumer service)."""
    return f"{base_url}/saml/{name}/acs"


def entity_id_of(base_url: str, name: str) -> str:
    """Give what we are called by a connection's identity provider; our metadata are there."""
    return f"{base_url}/saml/{name}/metadata"
