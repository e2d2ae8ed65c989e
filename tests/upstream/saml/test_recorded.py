"""A genuine answer of another's product, kept as it came, with the clock set to when it did.

`recorded/` holds the metadata and an answer of simplesamlphp 1.19.7 (Debian 12), run on this machine alone, for the
connection `acme` of https://auth.example.org: both elements signed, NameID by `saml:PersistentNameID`. The sign-in
itself, in a browser, is tried where simplesamlphp is installed.
"""

from pathlib import Path

import pytest

from coatcheck.clock import parse_rfc3339
from coatcheck.upstream.saml.answer import Answer, Expected
from coatcheck.upstream.saml.identify import identity_of
from coatcheck.upstream.saml.read import read_idp_metadata
from tests.upstream.saml.company import connection, expected, outcome

RECORDED = Path(__file__).parent / "recorded"
RAW = (RECORDED / "simplesamlphp-answer.xml").read_bytes()
CAME_AT = parse_rfc3339("2026-11-27T09:14:06Z")
REQUEST = "_6d96311da5b92f169f68ede2e3d5bf71f9e1bfe8b2a9bf0c1668df14eca29b7d"
NAME_ID = b"57ef0bb9456c07c99e9eceb6de63b7601e6c29bf"


def theirs(*, now: int = CAME_AT, request: str = REQUEST) -> Expected:
    """Give what is expected of it, by its own metadata."""
    said = read_idp_metadata((RECORDED / "simplesamlphp-metadata.xml").read_bytes())
    assert said.wants_signed_requests
    to = connection(idp_entity_id=said.entity_id, sso_address=said.sso_address, pinned=said.certificates)
    return expected(connection=to, now=now, request=request)


def test_it_is_read() -> None:
    wanted = theirs()
    answer = outcome(RAW, wanted)
    assert isinstance(answer, Answer)
    identity = identity_of(wanted.connection, answer)
    assert identity.issuer == "http://127.0.0.1:47147/idp"
    assert identity.subject == f"persistent:{NAME_ID.decode()}"
    assert (identity.email, identity.is_email_proven, identity.name) == ("ada@acme.example", True, "Ada Byron")
    assert identity.groups == ("staff", "Acme Admins")


def test_it_counts_for_its_request_and_its_time() -> None:
    for refused in (
        outcome(RAW, theirs(now=CAME_AT + 3_600_000)),
        outcome(RAW, theirs(now=CAME_AT - 3_600_000)),
        outcome(RAW, theirs(request="_other")),
        outcome(RAW, expected(now=CAME_AT, request=REQUEST)),
    ):
        assert isinstance(refused, str)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (NAME_ID, b"0" * 40),
        (b"ada@acme.example", b"eve@acme.example"),
        (b">staff<", b">admin<"),
        (b"<saml:Subject>", b"<saml:Subject>x"),
    ],
)
def test_it_cannot_be_changed(old: bytes, new: bytes) -> None:
    assert old in RAW
    refused = outcome(RAW.replace(old, new), theirs())
    assert isinstance(refused, str)
    assert "Digest mismatch" in refused
