"""Our own metadata, for a company's identity provider: who we are, where answers go, and with which keys."""

import base64
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding
from markupsafe import Markup

from coatcheck.upstream.saml.connection import SamlConnection, acs_of, entity_id_of
from coatcheck.upstream.saml.names import DS, MD, NAME_ID_FORMATS, POST, SAMLP, XENC, XENC11

_CIPHERS: Final = (f"{XENC11}aes256-gcm", f"{XENC11}aes128-gcm", f"{XENC}rsa-oaep-mgf1p")
_ENTITY: Final = Markup(
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<md:EntityDescriptor xmlns:md="{md}" xmlns:ds="{ds}" entityID="{entity_id}">\n'
    '  <md:SPSSODescriptor protocolSupportEnumeration="{samlp}" AuthnRequestsSigned="{signs}"'
    ' WantAssertionsSigned="true">\n'
    "{keys}{format}"
    '    <md:AssertionConsumerService Binding="{post}" Location="{acs}" index="0" isDefault="true"/>\n'
    "  </md:SPSSODescriptor>\n"
    "</md:EntityDescriptor>\n"
)
_KEY: Final = Markup(
    '    <md:KeyDescriptor use="{use}"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}'
    "</ds:X509Certificate></ds:X509Data></ds:KeyInfo>{methods}</md:KeyDescriptor>\n"
)
_METHOD: Final = Markup('<md:EncryptionMethod Algorithm="{}"/>')
_FORMAT: Final = Markup("    <md:NameIDFormat>{}</md:NameIDFormat>\n")


def sp_metadata(base_url: str, connection: SamlConnection) -> str:
    """Write what an identity provider is to know of us.

    No single logout is named, as none is served.

    Args:
        base_url: where we are reached, with the mount and no slash at its end.

    See: SAML metadata section 2.4.4.
    """
    return _ENTITY.format(
        md=MD,
        ds=DS,
        samlp=SAMLP,
        post=POST,
        entity_id=entity_id_of(base_url, connection.name),
        acs=acs_of(base_url, connection.name),
        signs="false" if connection.key is None else "true",
        keys=_keys(connection),
        format="" if connection.subject_attribute else _FORMAT.format(NAME_ID_FORMATS[connection.name_id]),
    )


def _keys(connection: SamlConnection) -> Markup:
    if connection.certificate is None:
        return Markup("")
    certificate = base64.b64encode(connection.certificate.public_bytes(Encoding.DER)).decode()
    methods = Markup("").join(_METHOD.format(cipher) for cipher in _CIPHERS)
    signing = _KEY.format(use="signing", certificate=certificate, methods="")
    return signing + _KEY.format(use="encryption", certificate=certificate, methods=methods)
