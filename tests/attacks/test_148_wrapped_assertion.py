"""Attack 148: CVE-2026-25922, authentik: an unsigned assertion stands before the signed one, and is what is read.

A signature says which element it covers; a second search in the document can find another. Here a document has one
shape: a Response with one assertion as its child, no ID twice, a signature only as a child of what it covers; all eight
ways of wrapping are refused by that. And whatever the shape: what is read is parsed from the bytes that were signed.
"""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from coatcheck.upstream.saml.answer import Answer, Refused
from coatcheck.upstream.saml.names import DS, PREFIXES, SAML, SAMLP
from coatcheck.upstream.saml.signed import signed_part
from tests.upstream.saml.company import Idp, connection, expected, find, outcome
from tests.upstream.saml.sealing import OUR_KEY, Seal

ASSERTION, SIGNATURE = "saml:Assertion", "ds:Signature"
INNER = f"{ASSERTION}/{SIGNATURE}"


def plain(element: Any) -> Any:
    """Copy an element without its own signature."""
    copied = etree.fromstring(etree.tostring(element, with_tail=False))
    for signature in copied.findall(SIGNATURE, PREFIXES):
        copied.remove(signature)
    return copied


def evil(element: Any, its_id: str = "_evil") -> Any:
    """Make an element say that somebody else came, under another ID."""
    element.set("ID", its_id)
    for name_id in element.iter(f"{{{SAML}}}NameID"):
        name_id.text = "root"
    return element


def response_in_its_signature(root: Any) -> None:
    genuine = plain(root)
    evil(root)
    find(root, SIGNATURE).append(genuine)


def response_beside_its_signature(root: Any) -> None:
    genuine = plain(root)
    evil(root)
    root.insert(0, genuine)


def response_in_an_object(root: Any) -> None:
    genuine = plain(root)
    evil(root)
    etree.SubElement(find(root, SIGNATURE), f"{{{DS}}}Object").append(genuine)


def unsigned_first(root: Any) -> None:
    assertion = find(root, ASSERTION)
    assertion.addprevious(evil(plain(assertion)))


def unsigned_last(root: Any) -> None:
    root.append(evil(plain(find(root, ASSERTION))))


def around(root: Any) -> None:
    assertion = find(root, ASSERTION)
    outer = evil(plain(assertion))
    root.replace(assertion, outer)
    outer.append(assertion)


def genuine_at_the_end(root: Any) -> None:
    assertion = find(root, ASSERTION)
    root.append(plain(assertion))
    evil(assertion)


def genuine_in_the_signature(root: Any) -> None:
    assertion = find(root, ASSERTION)
    genuine = plain(assertion)
    evil(assertion)
    find(root, INNER).append(genuine)


def genuine_in_an_object(root: Any) -> None:
    assertion = find(root, ASSERTION)
    genuine = plain(assertion)
    evil(assertion)
    etree.SubElement(find(root, INNER), f"{{{DS}}}Object").append(genuine)


def evil_in_an_object(root: Any) -> None:
    """The signature is right and covers the genuine one: what is in the signature itself it does not cover."""
    stranger = evil(plain(find(root, ASSERTION)))
    etree.SubElement(find(root, INNER), f"{{{DS}}}Object").append(stranger)


def evil_in_extensions(root: Any) -> None:
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(evil(plain(find(root, ASSERTION))))
    root.insert(1, extensions)


def genuine_in_extensions(root: Any) -> None:
    assertion = find(root, ASSERTION)
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    assertion.addnext(evil(plain(assertion)))
    extensions.append(assertion)
    root.insert(1, extensions)


def genuine_in_advice(root: Any) -> None:
    assertion = find(root, ASSERTION)
    outer = evil(plain(assertion))
    root.replace(assertion, outer)
    etree.SubElement(outer, f"{{{SAML}}}Advice").append(assertion)


def same_id_twice(root: Any) -> None:
    assertion = find(root, ASSERTION)
    assertion.addprevious(evil(plain(assertion), assertion.get("ID")))


def same_id_in_another_spelling(root: Any) -> None:
    assertion = find(root, ASSERTION)
    evil(assertion, "_evil")
    etree.SubElement(find(root, INNER), f"{{{DS}}}KeyInfo", Id="_assertion")


def whole_document(root: Any) -> None:
    find(root, f"{INNER}/ds:SignedInfo/ds:Reference").set("URI", "")
    evil(find(root, ASSERTION))


def signature_moved_up(root: Any) -> None:
    assertion, signature = find(root, ASSERTION), find(root, INNER)
    genuine = copy.deepcopy(assertion)
    evil(assertion)
    assertion.remove(find(assertion, SIGNATURE))
    root.insert(1, signature)
    find(root, "samlp:Status").append(genuine)


OF_A_RESPONSE = (response_in_its_signature, response_beside_its_signature, response_in_an_object)
OF_AN_ASSERTION = (
    unsigned_first,
    unsigned_last,
    around,
    genuine_at_the_end,
    genuine_in_the_signature,
    genuine_in_an_object,
    evil_in_an_object,
    evil_in_extensions,
    genuine_in_extensions,
    genuine_in_advice,
    same_id_twice,
    same_id_in_another_spelling,
    whole_document,
    signature_moved_up,
)


@pytest.mark.parametrize("wrap", OF_AN_ASSERTION)
@pytest.mark.parametrize("signs", [("Assertion",), ("Assertion", "Response")], ids=["assertion", "both"])
def test_around_a_signed_assertion(wrap: Callable[[Any], None], signs: tuple[str, ...]) -> None:
    root = Idp(signs=signs).signed()
    assert isinstance(outcome(root), Answer)
    wrap(root)
    refused = outcome(root)
    assert isinstance(refused, str), f"let in as {refused.name_id}"
    assert refused.startswith(("shape: ", "signature: ")), refused


@pytest.mark.parametrize("wrap", OF_A_RESPONSE)
@pytest.mark.parametrize("signs", [("Response",), ("Assertion", "Response")], ids=["response", "both"])
def test_around_a_signed_response(wrap: Callable[[Any], None], signs: tuple[str, ...]) -> None:
    root = Idp(signs=signs).signed()
    wrap(root)
    refused = outcome(root)
    assert isinstance(refused, str), f"let in as {refused.name_id}"
    assert refused.startswith(("shape: ", "signature: ")), refused


@pytest.mark.parametrize("wrap", [*OF_AN_ASSERTION, *OF_A_RESPONSE])
def test_what_is_read_was_signed_whatever_the_shape(wrap: Callable[[Any], None]) -> None:
    """The second line alone: each signature that stands anywhere gives the genuine words, or nothing."""
    root = Idp(signs=("Assertion", "Response")).signed()
    wrap(root)
    for signature in root.iter(f"{{{DS}}}Signature"):
        try:
            part = signed_part(signature.getparent(), connection().pinned)
        except Refused:
            continue
        assert [each.text for each in part.iter(f"{{{SAML}}}NameID")] == ["8f3c-ada"]


def test_a_foreign_assertion_in_a_signed_response() -> None:
    """Both signatures must be right, wherever each came from."""
    root = Idp(signs=("Response",)).signed()
    stranger = Idp(name_id="root", assertion="_assertion").signed()
    find(stranger, f"{INNER}/ds:SignatureValue").text = "AAAA"
    root.replace(find(root, ASSERTION), find(stranger, ASSERTION))
    assert isinstance(outcome(root), str)


def test_an_encrypted_one_beside_a_signed_one() -> None:
    """Anybody can encrypt for us, so what is encrypted is no better than what is plain."""
    wanted = expected(connection=connection(key=OUR_KEY))
    for before in (True, False):
        root = Idp(signs=("Assertion",)).signed()
        assertion = find(root, ASSERTION)
        sealed = Seal().sealed(etree.tostring(evil(plain(assertion))))
        if before:
            assertion.addprevious(sealed)
        else:
            assertion.addnext(sealed)
        refused = outcome(root, wanted)
        assert isinstance(refused, str)
        assert refused == "shape: 2 assertions"
