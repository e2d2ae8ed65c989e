"""What was signed, and nothing else: signxml checks, by keys the operator pinned, and gives the signed bytes back.

They are parsed anew, and the rest of the house reads that: no second search in the document can find something else.
"""

import logging
from typing import Final

from cryptography.x509 import Certificate
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from coatcheck.upstream.saml.answer import Refused
from coatcheck.upstream.saml.names import PREFIXES
from coatcheck.upstream.saml.strict_xml import name_of, parse

# No SHA-1, and no HMAC: its key would be the public one.
_METHODS: Final = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.SHA256_RSA_MGF1,
        SignatureMethod.SHA384_RSA_MGF1,
        SignatureMethod.SHA512_RSA_MGF1,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    }
)
_DIGESTS: Final = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})

# At debug it writes whole assertions, which name people.
logging.getLogger("signxml").setLevel(logging.INFO)


def signed_part(element: etree._Element, pinned: tuple[Certificate, ...]) -> etree._Element:
    """Give what was signed of an element that has a signature of its own, parsed from the signed bytes.

    Args:
        pinned: one of these must have signed it.

    Raises:
        Refused: none has, or what they signed is something else.
    """
    reasons = set[str]()
    for certificate in pinned:
        try:
            result = _verified(_without_key_info(element), certificate)
        except Exception as problem:  # noqa: BLE001 (strange input brings errors of every class; each is a refusal)
            reasons.add(f"{type(problem).__name__}: {problem}"[:200])
            continue
        again = parse(result.signed_data)
        if again.tag != element.tag or again.get("ID") != element.get("ID"):
            raise Refused(f"signature: it covers something else than the {name_of(element)}")
        return again
    raise Refused(f"signature of the {name_of(element)}: {'; '.join(sorted(reasons))}")


def _without_key_info(element: etree._Element) -> etree._Element:
    """Copy an element without what its signature says about keys: that is not signed, and we know the key."""
    alone = etree.fromstring(etree.tostring(element, with_tail=False))
    for info in alone.findall("ds:Signature/ds:KeyInfo", PREFIXES):
        parent = info.getparent()
        if parent is not None:
            parent.remove(info)
    return alone


def _verified(alone: etree._Element, certificate: Certificate) -> VerifyResult:
    # The moment is the certificate's own beginning: the operator pinned the key, and many providers never renew.
    rules = SignatureConfiguration(
        location="./",
        expect_references=1,
        signature_methods=_METHODS,
        digest_algorithms=_DIGESTS,
        verification_time=certificate.not_valid_before_utc,
    )
    # Its schema knows no prefixes in a CanonicalizationMethod; `shape.py` has checked more than it would.
    result = XMLVerifier().verify(
        alone, x509_cert=certificate, id_attribute="ID", expect_config=rules, validate_schema=False
    )
    if not isinstance(result, VerifyResult):
        raise Refused("signature: several references")
    return result
