"""Attack 152: CVE-2016-10149, CVE-2023-28119, pysaml2 and crewjam/saml: files are read by entities, bytes blow up.

A DTD names a file or an address and the parser fetches it; a few bytes inflate to gigabytes. Here a DTD is refused by
its bytes before a parser sees it, nothing that comes in is inflated (requests go out deflated, answers come by POST),
and an answer's size, elements, attributes and depth are bounded before anything is canonicalized.
"""

import socket
import time
import tracemalloc
import zlib
from pathlib import Path

import pytest
from lxml import etree

from coatcheck.upstream.saml.answer import Refused
from coatcheck.upstream.saml.read import read_idp_metadata
from tests.upstream.saml.company import Idp, outcome, packed
from tests.upstream.saml.test_configured import metadata

RAW = etree.tostring(Idp(signs=("Assertion", "Response")).signed())
MARK = b"<saml:AttributeStatement>"
LAUGHS = b"".join(b'<!ENTITY a%d "%s">' % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, 9))
SECONDS = 0.25
BYTES = 8_000_000


def within(more: bytes) -> bytes:
    """Put something into an answer."""
    return RAW.replace(MARK, MARK + more)


def namespaces(count: int) -> bytes:
    """Declare prefixes."""
    return b" ".join(b'xmlns:n%d="u:%d"' % (number, number) for number in range(count))


BOMBS = {
    "laughs": (b'<!DOCTYPE a [<!ENTITY a0 "ha">' + LAUGHS + b"]>" + within(b"&a8;"), "DTD"),
    "nothing but text": (within(b"x" * 150_000), "Digest mismatch"),
    "a megabyte": (within(b"x" * 1_000_000), "size"),
    "elements": (within(b"<a/>" * 30_000), "too many"),
    "as many elements as may be": (within(b"<a/>" * 1900), "Digest mismatch"),
    "attributes of one": (
        within(b"<a " + b" ".join(b'a%d=""' % number for number in range(15_000)) + b"/>"),
        "too many",
    ),
    "attributes of many": (
        within((b"<a " + b" ".join(b'a%d=""' % number for number in range(20)) + b"/>") * 1200),
        "too many",
    ),
    "IDs": (within(b"".join(b'<a ID="i%d"/>' % number for number in range(1900))), "Digest mismatch"),
    "levels": (within(b"<a>" * 20_000), "depth"),
    "a hundred levels": (within(b"<a>" * 100 + b"</a>" * 100), "too deep"),
    "namespaces": (within(b"<a " + namespaces(380) + b">" + b"<a>" * 200 + b"<b/>" * 1500 + b"</a>" * 201), "too many"),
    "references": (within(b"&#65;" * 30_000), "Digest mismatch"),
    "unknown entities": (within(b"&a;" * 30_000), "not defined"),
    "a long signature": (
        RAW.replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>" + b"A" * 150_000, 1),
        "signature: too long",
    ),
}
"""What is posted, and what refuses it."""


@pytest.mark.parametrize("what", BOMBS)
def test_little_time_and_memory(what: str) -> None:
    outcome(RAW)  # what is loaded once is loaded
    raw, why = BOMBS[what]
    posted = packed(raw)
    tracemalloc.start()
    began = time.process_time()
    refused = outcome(posted)
    took = time.process_time() - began
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(refused, str)
    assert why in refused
    assert took < SECONDS
    assert peak < BYTES


def test_nothing_is_inflated() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(bytes(100_000_000)) + packer.flush()
    assert len(bomb) < 100_000
    for raw in (bomb, zlib.compress(RAW)):
        refused = outcome(packed(raw))
        assert isinstance(refused, str)
        assert "begin with" in refused


@pytest.mark.parametrize("where", ["file", "http", "parameter", "local", "external"])
def test_nothing_is_fetched(where: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("8f3c-ada")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/dtd"
        doctype = {
            "file": f'<!DOCTYPE a [<!ENTITY x SYSTEM "{(tmp_path / "secret").as_uri()}">]>',
            "http": f'<!DOCTYPE a [<!ENTITY x SYSTEM "{address}">]>',
            "parameter": f'<!DOCTYPE a [<!ENTITY % p SYSTEM "{address}"> %p; <!ENTITY x "8f3c-ada">]>',
            "local": '<!DOCTYPE a [<!ENTITY x "8f3c-ada">]>',
            "external": f'<!DOCTYPE a SYSTEM "{address}">',
        }[where].encode()
        answer = doctype + RAW.replace(b">8f3c-ada<", b">&x;<")
        refused = outcome(answer)
        assert isinstance(refused, str)
        assert "DTD" in refused
        with pytest.raises(Refused, match="DTD"):
            read_idp_metadata(doctype + metadata().partition(b"?>\n")[2].replace(b"https://no.example", b"&x;"))
        with pytest.raises(TimeoutError):
            listening.accept()
