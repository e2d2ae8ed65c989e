"""XML as far as SAML needs it: UTF-8, no DTD, no entity, no comment, no processing instruction, and not too much of it.

What could make a document mean something else is refused by its bytes, before a parser sees it: in UTF-8 a DTD, an
entity's declaration, a comment and CDATA begin with `<!`, a processing instruction with `<?`, and nothing else does.
"""

import re
from typing import Final

from lxml import etree

from coatcheck.upstream.saml.answer import Refused
from coatcheck.upstream.saml.names import PREFIXES

LONGEST: Final = 256 * 1024
MOST_ELEMENTS: Final = 2000
MOST_ATTRIBUTES: Final = 4000
# Canonical XML takes a time that grows with the square of these: 15,000 attributes took two seconds.
MOST_OF_ONE: Final = 20
DEEPEST: Final = 30

_DECLARATION = re.compile(
    rb"""<\?xml\s+version=["']1\.0["'](\s+encoding=["']utf-8["'])?(\s+standalone=["'](yes|no)["'])?\s*\?>""",
    re.IGNORECASE,
)


def parse(raw: bytes, *, with_comments: bool = False) -> etree._Element:
    """Parse a document and give its root.

    Args:
        with_comments: whether there may be comments, which are dropped before anything is read.

    Raises:
        Refused: it is larger than a quarter of a megabyte, no such XML, or has too much in it.
    """
    _check_bytes(raw, with_comments=with_comments)
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=with_comments,
    )
    try:
        root = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError) as problem:
        raise Refused(f"XML: {problem}") from None
    _check_amount(root)
    return root


def one(parent: etree._Element, path: str) -> etree._Element:
    """Give the one child on a path such as `saml:Subject/saml:NameID`.

    Raises:
        Refused: there is none, or there are several.
    """
    found = parent.findall(path, PREFIXES)
    if len(found) != 1:
        raise Refused(f"{path}: {len(found)} of it, where there must be one")
    return found[0]


def text_of(element: etree._Element) -> str:
    """Give the text of an element, to the letter.

    Raises:
        Refused: there are elements within.
    """
    if len(element):
        raise Refused(f"{name_of(element)}: elements within, where a text must be")
    return element.text or ""


def name_of(element: etree._Element) -> str:
    """Give an element's name without its namespace, for the trace."""
    return etree.QName(element).localname


def _check_bytes(raw: bytes, *, with_comments: bool) -> None:
    if len(raw) > LONGEST:
        raise Refused(f"size: more than {LONGEST} bytes")
    declared = _DECLARATION.match(raw)
    rest = raw[declared.end() :] if declared else raw
    if not raw.startswith(b"<"):
        raise Refused("XML: it does not begin with `<`")
    if b"<?" in rest:
        raise Refused("XML: a processing instruction, or a declaration of something else than XML 1.0 in UTF-8")
    if rest.count(b"<!") > (rest.count(b"<!--") if with_comments else 0):
        raise Refused("XML: a DTD, an entity, a comment or CDATA")
    try:
        raw.decode()
    except UnicodeDecodeError:
        raise Refused("XML: not UTF-8") from None


def _check_amount(root: etree._Element) -> None:
    elements = attributes = depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        elements, attributes, depth = elements + 1, attributes + len(element.attrib), depth + 1
        widest = max(len(element.attrib), len(element.nsmap))
        if elements > MOST_ELEMENTS or attributes > MOST_ATTRIBUTES or depth > DEEPEST or widest > MOST_OF_ONE:
            raise Refused("XML: too many elements, attributes or namespaces, or too deep")
        # libxml2 reads names beyond ASCII that it does not write so that it could read them again.
        if not "".join((str(element.tag), *map(str, element.attrib), *filter(None, element.nsmap))).isascii():
            raise Refused("XML: a name that is not ASCII")
