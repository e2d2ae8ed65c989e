"""Whatever is done to a genuine answer, it is refused, or says exactly what was signed."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from coatcheck.upstream.saml.answer import Answer
from tests.upstream.saml.company import Idp, connection, expected, outcome
from tests.upstream.saml.sealing import OUR_KEY, sealed

KINDS = {
    "assertion": Idp().signed(),
    "response": Idp(signs=("Response",)).signed(),
    "both": Idp(signs=("Assertion", "Response")).signed(),
    "encrypted": Idp(seal=sealed(), signs=("Assertion", "Response")).signed(),
}
OURS = expected(connection=connection(key=OUR_KEY))
TEXTS = st.sampled_from(["root", "", "<!-- -->", "&#0;", "_assertion", "_response", "<a/>", "]]>", "\u0000", "ﬀ"])
ODD_BYTES = st.one_of(st.binary(max_size=8), TEXTS.map(str.encode))


def genuine(kind: str) -> Answer:
    """Give what the genuine answer says."""
    answer = outcome(KINDS[kind], OURS)
    assert isinstance(answer, Answer)
    return answer


def elements(root: Any) -> list[Any]:
    """List the elements of an answer."""
    return list(root.iter())


@st.composite
def moved(draw: st.DrawFn, kind: str) -> bytes:
    """Move, copy, take away, rename or rewrite elements of an answer."""
    root = etree.fromstring(etree.tostring(KINDS[kind]))
    for _ in range(draw(st.integers(1, 4))):
        every = elements(root)
        one, other = every[draw(st.integers(0, len(every) - 1))], every[draw(st.integers(0, len(every) - 1))]
        match draw(st.sampled_from(["copy", "move", "drop", "text", "attribute", "tag", "swap"])):
            case "copy":
                other.insert(draw(st.integers(0, len(other))), etree.fromstring(etree.tostring(one, with_tail=False)))
            case "move" if one is not root and one not in other.iterancestors() and one is not other:
                other.append(one)
            case "drop" if one.getparent() is not None:
                one.getparent().remove(one)
            case "text":
                one.text = draw(st.sampled_from(["root", "", " ", "_assertion", other.text or ""]))
            case "attribute" if one.attrib:
                name = draw(st.sampled_from(sorted(one.attrib)))
                one.set(name, draw(st.sampled_from(["root", "", "_assertion", "#_response", *other.attrib.values()])))
            case "tag":
                one.tag = other.tag
            case _:
                one.tail, other.tail = other.tail, one.tail
    return etree.tostring(root)


def judged(kind: str, raw: bytes) -> None:
    """Check that an answer is refused, or is the genuine one."""
    answer = outcome(raw, OURS)
    assert isinstance(answer, str) or answer == genuine(kind), answer


@pytest.mark.parametrize("kind", KINDS)
def test_the_genuine_ones_are_taken(kind: str) -> None:
    assert genuine(kind).name_id == "8f3c-ada"


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_elements_moved_about(kind: str, data: st.DataObject) -> None:
    judged(kind, data.draw(moved(kind)))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_bytes_put_anywhere(kind: str, data: st.DataObject) -> None:
    raw = etree.tostring(KINDS[kind])
    start = data.draw(st.integers(0, len(raw)))
    end = start + data.draw(st.integers(0, 40))
    judged(kind, raw[:start] + data.draw(ODD_BYTES) + raw[end:])


@settings(max_examples=200, deadline=None)
@given(posted=st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda raw: raw.hex())))
def test_anything_at_all(posted: str) -> None:
    assert isinstance(outcome(posted), str)
