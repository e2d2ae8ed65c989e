"""Reads an identity provider's metadata, which its operator gave to ours. Loaded where a connection names a file."""

import binascii
from base64 import b64decode

from cryptography.x509 import Certificate, load_der_x509_certificate
from lxml import etree

from coatcheck.upstream.saml.answer import Refused
from coatcheck.upstream.saml.names import MD, PREFIXES, REDIRECT, SAMLP
from coatcheck.upstream.saml.read import IdpMetadata
from coatcheck.upstream.saml.strict_xml import name_of, parse, text_of


def read_idp_metadata(raw: bytes) -> IdpMetadata:
    """Give what an identity provider's metadata say.

    Raises:
        Refused: they are none, or say nothing of what we need.

    See: SAML metadata section 2.4.3.
    """
    root = parse(raw, with_comments=True)
    if root.tag != f"{{{MD}}}EntityDescriptor":
        raise Refused(f"the root is {name_of(root)}, not EntityDescriptor: one provider alone, not a federation's list")
    roles = [each for each in root.iterfind("md:IDPSSODescriptor", PREFIXES) if _speaks_saml_2(each)]
    if len(roles) != 1:
        raise Refused("it describes no SAML 2.0 identity provider")
    return IdpMetadata(
        entity_id=root.get("entityID", ""),
        sso_address=_sso_address(roles[0]),
        certificates=_certificates(roles[0]),
        wants_signed_requests=roles[0].get("WantAuthnRequestsSigned") in ("true", "1"),
    )


def _speaks_saml_2(role: etree._Element) -> bool:
    return SAMLP in role.get("protocolSupportEnumeration", "").split()


def _sso_address(role: etree._Element) -> str:
    for each in role.iterfind("md:SingleSignOnService", PREFIXES):
        if each.get("Binding") == REDIRECT:
            return each.get("Location", "")
    raise Refused("it takes no requests by redirect (HTTP-Redirect)")


def _certificates(role: etree._Element) -> tuple[Certificate, ...]:
    keys = [each for each in role.iterfind("md:KeyDescriptor", PREFIXES) if each.get("use", "signing") == "signing"]
    texts = [
        text_of(found) for key in keys for found in key.iterfind("ds:KeyInfo/ds:X509Data/ds:X509Certificate", PREFIXES)
    ]
    try:
        certificates = [load_der_x509_certificate(b64decode("".join(text.split()), validate=True)) for text in texts]
    except (binascii.Error, ValueError) as problem:
        raise Refused(f"a certificate cannot be read: {problem}") from None
    return tuple(dict.fromkeys(certificates))
