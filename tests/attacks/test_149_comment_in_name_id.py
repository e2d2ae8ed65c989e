"""Attack 149: CVE-2026-57580, authentik: a comment inside the NameID cuts it short: admin`<!---->`.evil becomes admin.

Canonical XML drops comments, so a signature still fits when a stranger puts one in; libraries that give the text before
the first child read another name than was signed. Here a document with a comment, a processing instruction, CDATA or an
entity is refused before it is parsed, and a value with an element within is refused where it is read.
"""

from typing import Any

import pytest
from lxml import etree

from coatcheck.upstream.saml.answer import Answer
from coatcheck.upstream.saml.names import SAML
from tests.upstream.saml.company import ACS, ENTITY_ID, IDP, Idp, connection, expected, find, outcome
from tests.upstream.saml.sealing import OUR_KEY, Seal

VICTIM, ATTACKER = "admin", "admin.evil.example"
NAMED = Idp(name_id=ATTACKER, attributes={"email": ("admin@acme.example.evil.example",)})


def cut(raw: bytes, value: str, after: str, by: bytes) -> bytes:
    """Put something into a value of a signed answer."""
    assert value.encode() in raw
    return raw.replace(f">{value}<".encode(), f">{after}".encode() + by + f"{value[len(after) :]}<".encode())


@pytest.mark.parametrize(
    "by", [b"<!---->", b"<!-- x -->", b"<?x?>", b"<?x y?>", b"<![CDATA[]]>", b"&nothing;", b"<x/>", b"<x>y</x>"]
)
@pytest.mark.parametrize(
    ("value", "after"),
    [
        (ATTACKER, VICTIM),
        ("admin@acme.example.evil.example", "admin@acme.example"),
        (ENTITY_ID, "https"),
        (IDP, "https"),
    ],
)
@pytest.mark.parametrize("signs", [("Assertion",), ("Response",)], ids=["assertion", "response"])
def test_nothing_cuts_a_value_short(signs: tuple[str, ...], value: str, after: str, by: bytes) -> None:
    raw = etree.tostring(NAMED.but(signs=signs).signed())
    refused = outcome(cut(raw, value, after, by))
    assert isinstance(refused, str), refused


def test_the_signature_alone_would_not_have_seen_it() -> None:
    """What is canonical is the same with and without the comment."""
    root = NAMED.signed()
    name_id = find(root, "saml:Assertion/saml:Subject/saml:NameID")
    before = etree.tostring(root, method="c14n", exclusive=True, with_comments=False)
    name_id.text = VICTIM
    name_id.append(etree.Comment(""))
    name_id[0].tail = ATTACKER.removeprefix(VICTIM)
    assert name_id.text == VICTIM
    assert etree.tostring(root, method="c14n", exclusive=True, with_comments=False) == before
    refused = outcome(root)
    assert isinstance(refused, str)
    assert "comment" in refused


@pytest.mark.parametrize("by", [b"<!---->", b"<?x?>", b"<![CDATA[]]>"])
def test_nor_in_what_was_encrypted(by: bytes) -> None:
    root = NAMED.signed()
    assertion = find(root, "saml:Assertion")
    raw = cut(etree.tostring(assertion, with_tail=False), ATTACKER, VICTIM, by)
    root.replace(assertion, Seal().sealed(raw))
    assert isinstance(outcome(root, expected(connection=connection(key=OUR_KEY))), str)


@pytest.mark.parametrize(
    "path",
    [
        "saml:Assertion/saml:Subject/saml:NameID",
        "saml:Assertion/saml:Issuer",
        "saml:Assertion/saml:Conditions/saml:AudienceRestriction/saml:Audience",
        "saml:Assertion/saml:AttributeStatement/saml:Attribute/saml:AttributeValue",
    ],
)
def test_an_element_within_is_refused_even_if_it_was_signed(path: str) -> None:
    def nest(root: Any) -> None:
        etree.SubElement(find(root, path), f"{{{SAML}}}Extra").tail = "more"

    refused = outcome(Idp(change=nest).signed())
    assert isinstance(refused, str)
    assert "elements within" in refused


def test_letters_by_number_are_the_letters() -> None:
    """A character reference is no trick: it is signed as what it means."""
    raw = etree.tostring(NAMED.signed()).replace(b">admin.evil.example<", b">adm&#105;n.evil.example<")
    answer = outcome(raw)
    assert isinstance(answer, Answer)
    assert answer.name_id == ATTACKER
    assert ACS.encode() in raw
