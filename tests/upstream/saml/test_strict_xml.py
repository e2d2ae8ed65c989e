"""XML that could mean something else, or costs too much, is refused before anything is read of it."""

import pytest

from coatcheck.upstream.saml import strict_xml
from coatcheck.upstream.saml.answer import Refused
from coatcheck.upstream.saml.strict_xml import one, parse, text_of


@pytest.mark.parametrize(
    "raw",
    [
        b"<a/>",
        b'<?xml version="1.0"?><a/>',
        b"<?xml version='1.0' encoding='utf-8' standalone=\"no\" ?>\n<a/>\n",
        "<a>ä €</a>".encode(),
        b"<a>&lt;!-- &amp; &#x3C;</a>",
    ],
)
def test_it_reads(raw: bytes) -> None:
    assert parse(raw).tag == "a"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "begin"),
        (b" <a/>", "begin"),
        (b"\xef\xbb\xbf<a/>", "begin"),
        ("<a/>".encode("utf-16"), "begin"),
        (b"<a>", "XML"),
        (b"<a/><b/>", "XML"),
        (b"<a b='1' b='2'/>", "XML"),
        (b"<x:a/>", "XML"),
        (b"<a>&eacute;</a>", "XML"),
        (b"<a>\x00</a>", "XML"),
        (b"<a>\xff</a>", "UTF-8"),
        ("<ä/>".encode(), "ASCII"),
        ("<a ä='1'/>".encode(), "ASCII"),
        ("<a xmlns:ä='urn:x'/>".encode(), "ASCII"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', "declaration"),
        (b'<?xml version="1.1"?><a/>', "declaration"),
        (b'<?xml version="1.0"?><?xml-stylesheet href="x"?><a/>', "processing instruction"),
        (b"<a><?php x ?></a>", "processing instruction"),
        (b"<a/><?x?>", "processing instruction"),
        (b"<!DOCTYPE a><a/>", "DTD"),
        (b"<a><!-- --></a>", "comment"),
        (b"<a><![CDATA[x]]></a>", "CDATA"),
    ],
)
def test_it_refuses(raw: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why):
        parse(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"<a>" + b" " * strict_xml.LONGEST + b"</a>",
        b"<a>" + b"<b/>" * strict_xml.MOST_ELEMENTS + b"</a>",
        b"<a>" + b"<b c='' d='' e=''/>" * 1500 + b"</a>",
        b"<a " + b" ".join(b"a%d=''" % number for number in range(21)) + b"/>",
        b"<a " + b" ".join(b"xmlns:a%d='u:%d'" % (number, number) for number in range(21)) + b"/>",
        b"<a>" * 31 + b"</a>" * 31,
    ],
)
def test_too_much_is_refused(raw: bytes) -> None:
    with pytest.raises(Refused, match=r"size|too many"):
        parse(raw)


def test_as_much_as_may_be_is_read() -> None:
    parse(b"<a>" + b"<b c='' d=''/>" * (strict_xml.MOST_ELEMENTS - 1) + b"</a>")
    parse(b"<a>" * 30 + b"</a>" * 30)


def test_comments_of_a_file_are_dropped_and_cut_no_text() -> None:
    assert text_of(parse(b"<a>ad<!-- x -->min</a>", with_comments=True)) == "admin"
    with pytest.raises(Refused, match="DTD"):
        parse(b"<!DOCTYPE a><a><!-- --></a>", with_comments=True)


def test_one_and_the_whole_text_or_none() -> None:
    root = parse(b"<a><b>x</b><c/><c/></a>")
    assert text_of(one(root, "b")) == "x"
    for path in ("c", "d"):
        with pytest.raises(Refused, match=path):
            one(root, path)
    with pytest.raises(Refused, match="elements within"):
        text_of(root)
