"""The shapes that are read, and those beside the classic attacks (tests/attacks/test_148) that are not."""

import copy

import pytest
from lxml import etree

from coatcheck.upstream.saml.answer import Answer
from coatcheck.upstream.saml.names import DS, EXC_C14N, PREFIXES, SAML, SAMLP
from tests.upstream.saml.company import Change, Idp, drop, find, outcome, put

SIGNATURE = "saml:Assertion/ds:Signature"
REFERENCE = f"{SIGNATURE}/ds:SignedInfo/ds:Reference"


def add_inclusive(prefixes: str, times: int = 1) -> Change:
    """Name prefixes that are canonicalized inclusively."""

    def change(root: etree._Element) -> None:
        for _ in range(times):
            transform = find(root, f"{REFERENCE}/ds:Transforms")[1]
            etree.SubElement(transform, f"{{{EXC_C14N}}}InclusiveNamespaces", PrefixList=prefixes)

    return change


def wrapped_in(name: str) -> Change:
    """Put the assertion into another element."""

    def change(root: etree._Element) -> None:
        assertion = find(root, "saml:Assertion")
        box = etree.SubElement(root, name)
        box.append(assertion)

    return change


def append(path: str, name: str) -> Change:
    """Add an empty element."""

    def change(root: etree._Element) -> None:
        etree.SubElement(find(root, path), name)

    return change


@pytest.mark.parametrize("signs", [("Assertion",), ("Response",), ("Assertion", "Response")])
def test_either_or_both_may_be_signed(signs: tuple[str, ...]) -> None:
    answer = outcome(Idp(signs=signs).signed())
    assert isinstance(answer, Answer)
    assert answer.name_id == "8f3c-ada"


def test_nothing_signed_is_nothing() -> None:
    assert outcome(Idp(signs=()).signed()) == "signature: neither the Response nor the Assertion is signed"


def test_a_key_info_may_be_missing() -> None:
    root = Idp().signed()
    drop(f"{SIGNATURE}/ds:KeyInfo")(root)
    assert isinstance(outcome(root), Answer)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda root: setattr(root, "tag", f"{{{SAMLP}}}LogoutResponse"), "root is LogoutResponse"),
        (append(".", f"{{{SAMLP}}}Response"), "Response within"),
        (append(".", f"{{{SAML}}}Assertion"), "2 assertions"),
        (append(".", f"{{{SAML}}}EncryptedAssertion"), "2 assertions"),
        (append("saml:Assertion", f"{{{SAML}}}Assertion"), "2 assertions"),
        (wrapped_in(f"{{{SAMLP}}}Extensions"), "no child of the Response"),
        (drop("saml:Assertion"), "no assertion"),
        (put("saml:Assertion/saml:Issuer", "id", "_assertion"), "twice"),
        (append(SIGNATURE, f"{{{DS}}}Object"), "in its Signature"),
        (append(f"{SIGNATURE}/ds:SignedInfo", f"{{{DS}}}Reference"), "in its SignedInfo"),
        (drop(f"{SIGNATURE}/ds:SignedInfo/ds:CanonicalizationMethod"), "in its SignedInfo"),
        (
            append(f"{SIGNATURE}/ds:SignedInfo/ds:SignatureMethod", f"{{{DS}}}HMACOutputLength"),
            "in its SignatureMethod",
        ),
        (append(REFERENCE, f"{{{DS}}}DigestValue"), "in its Reference"),
        (drop(f"{REFERENCE}/ds:Transforms"), "in its Reference"),
        (append(f"{REFERENCE}/ds:DigestMethod", "x"), "in its DigestMethod"),
        (append(f"{REFERENCE}/ds:Transforms", f"{{{DS}}}Transform"), "in its Transforms"),
        (append(f"{REFERENCE}/ds:Transforms/ds:Transform", f"{{{DS}}}XPath"), "in its Transform"),
        (put(f"{REFERENCE}/ds:Transforms/ds:Transform", "Algorithm", EXC_C14N), "transforms"),
        (put(REFERENCE, "URI", ""), "not of the Assertion"),
        (put(REFERENCE, "URI", None), "not of the Assertion"),
        (put(REFERENCE, "URI", "#_response"), "not of the Assertion"),
        (put(REFERENCE, "URI", "https://evil.example/assertion"), "not of the Assertion"),
        (put(f"{SIGNATURE}/ds:SignedInfo/ds:CanonicalizationMethod", "Algorithm", "urn:x"), "canonicalization"),
        (put(f"{SIGNATURE}/ds:SignedInfo/ds:CanonicalizationMethod", "Algorithm", None), "canonicalization"),
        (add_inclusive("xs", 2), "prefixes"),
        (add_inclusive("n " * 200), "prefixes"),
    ],
)
def test_other_shapes_are_refused(change: Change, why: str) -> None:
    root = Idp().signed()
    change(root)
    refused = outcome(root)
    assert isinstance(refused, str)
    assert why in refused


def test_a_signature_stands_in_one_place() -> None:
    for place in (f"{{{SAMLP}}}Extensions", f"{{{SAMLP}}}Status"):
        root = Idp().signed()
        box = etree.SubElement(root, place)
        box.append(copy.deepcopy(find(root, SIGNATURE)))
        assert outcome(root) == "signature: it stands where none may"
    root = Idp().signed()
    find(root, "saml:Assertion").append(copy.deepcopy(find(root, SIGNATURE)))
    assert outcome(root) == "signature: two of one Assertion"


def test_a_long_signature_is_not_looked_at() -> None:
    root = Idp().signed()
    find(root, f"{SIGNATURE}/ds:SignatureValue").text = "A" * 5000
    assert outcome(root) == "signature: too long"


def test_inclusive_prefixes_are_known() -> None:
    """What OpenSAML writes: prefixes that only values use, such as `xs` of `xsi:type`."""

    def sign(root: etree._Element) -> None:
        value = find(root, "saml:Assertion/saml:AttributeStatement/saml:Attribute/saml:AttributeValue")
        typed = etree.fromstring(
            f'<saml:AttributeValue xmlns:saml="{SAML}" xmlns:xs="http://www.w3.org/2001/XMLSchema"'
            ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">x</saml:AttributeValue>'
        )
        value.getparent().replace(value, typed)

    root = Idp(change=sign, inclusive=("xs",)).signed()
    named = find(root, f"{REFERENCE}/ds:Transforms").findall("ds:Transform/ec:InclusiveNamespaces", PREFIXES)
    assert [each.get("PrefixList") for each in named] == ["xs"]
    assert isinstance(outcome(root), Answer)
