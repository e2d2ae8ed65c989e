"""The one shape of an answer that is read: whatever could put another assertion into the signed one's place is refused.

Response → one Assertion, or one EncryptedAssertion; a signature only as a child of one of them, made over its parent
alone, by the two transforms that SAML allows. It is checked before any signature is.
"""

import re
from typing import Final

from lxml import etree

from coatcheck.upstream.saml.answer import Refused
from coatcheck.upstream.saml.names import DS, EXC_C14N, SAML, SAMLP
from coatcheck.upstream.saml.strict_xml import name_of, text_of

ASSERTION: Final = f"{{{SAML}}}Assertion"
ENCRYPTED: Final = f"{{{SAML}}}EncryptedAssertion"
RESPONSE: Final = f"{{{SAMLP}}}Response"
SIGNATURE: Final = f"{{{DS}}}Signature"
_ENVELOPED: Final = f"{DS}enveloped-signature"
_UNKEYED: Final = ("SignedInfo", "SignatureValue")
_LONGEST_SIGNATURE: Final = 4096
_LONGEST_PREFIXES: Final = 200
_INCLUSIVE: Final = f"{{{EXC_C14N}}}InclusiveNamespaces"
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,255}")


def check_response_shape(root: etree._Element) -> None:
    """Check that a document is a Response with at most one assertion, where it must be, and no more signatures.

    Raises:
        Refused: it has another shape.

    See: SAML core section 5.4 (what of XML Signature may be used).
    """
    if root.tag != RESPONSE:
        raise Refused(f"shape: the root is {name_of(root)}, not Response")
    if len([*root.iter(RESPONSE)]) != 1:
        raise Refused("shape: a Response within")
    assertions = [*root.iter(ASSERTION, ENCRYPTED)]
    if len(assertions) > 1:
        raise Refused(f"shape: {len(assertions)} assertions")
    if any(each.getparent() is not root for each in assertions):
        raise Refused("shape: an assertion that is no child of the Response")
    _check_ids(root)
    _check_signatures(root, {root, *assertions})


def check_assertion_shape(root: etree._Element) -> None:
    """Check that what was decrypted is an assertion with no other within, signed itself or not at all.

    Raises:
        Refused: it has another shape.
    """
    if root.tag != ASSERTION or len([*root.iter(ASSERTION, ENCRYPTED, RESPONSE)]) != 1:
        raise Refused("shape: what was encrypted is not one assertion")
    _check_ids(root)
    _check_signatures(root, {root})


def _check_ids(root: etree._Element) -> None:
    seen = set[str]()
    for element in root.iter():
        for name, value in element.attrib.items():
            if etree.QName(name).localname.lower() == "id":
                if value in seen:
                    raise Refused("shape: an ID stands there twice")
                seen.add(value)


def _check_signatures(root: etree._Element, may_be_signed: set[etree._Element]) -> None:
    for signature in root.iter(SIGNATURE):
        parent = signature.getparent()
        if parent is None or parent not in may_be_signed:
            raise Refused("signature: it stands where none may")
        if len(parent.findall(SIGNATURE)) != 1:
            raise Refused(f"signature: two of one {name_of(parent)}")
        _check_signature(signature, parent)


def _check_signature(signature: etree._Element, parent: etree._Element) -> None:
    _check_holds(signature, ("SignedInfo", "SignatureValue", "KeyInfo") if len(signature) > 2 else _UNKEYED)
    info = signature[0]
    _check_holds(info, ("CanonicalizationMethod", "SignatureMethod", "Reference"))
    canonicalization, method, reference = info
    _check_holds(reference, ("Transforms", "DigestMethod", "DigestValue"))
    transforms, digest, _ = reference
    _check_holds(transforms, ("Transform", "Transform"))
    its_id = parent.get("ID", "")
    if not _ID.fullmatch(its_id) or reference.get("URI") != f"#{its_id}":
        raise Refused(f"signature: it is not of the {name_of(parent)} that it stands in")
    if transforms[0].get("Algorithm") != _ENVELOPED:
        raise Refused("signature: other transforms than enveloped and exclusive C14N")
    for empty in (method, digest, transforms[0]):
        _check_holds(empty, ())
    _check_canonicalization(canonicalization)
    _check_canonicalization(transforms[1])
    if len(text_of(signature[1])) > _LONGEST_SIGNATURE:
        raise Refused("signature: too long")


def _check_canonicalization(method: etree._Element) -> None:
    prefixes = [each.get("PrefixList", "") for each in method.findall(_INCLUSIVE)]
    if method.get("Algorithm") != EXC_C14N or len(method) != len(prefixes):
        raise Refused("signature: another canonicalization than exclusive C14N")
    if len(prefixes) > 1 or len("".join(prefixes)) > _LONGEST_PREFIXES:
        raise Refused("signature: too many prefixes")


def _check_holds(element: etree._Element, names: tuple[str, ...]) -> None:
    if [child.tag for child in element] != [f"{{{DS}}}{name}" for name in names]:
        raise Refused(f"signature: something else in its {name_of(element)} than SAML needs")
