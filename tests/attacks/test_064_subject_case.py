"""Attack 64: CVE-2024-32879, social-auth-app-django: two subjects that differ in case are one in a database.

Here a subject is kept as the provider spelt it, byte for byte, and an identity is found by a digest of issuer and
subject, so that no collation has anything to compare.
"""

import pytest

from coatcheck.upstream.identity import identity_key
from tests.upstream.oauth.acme import Acme

PAIRS = [
    ("AbC", "aBc"),
    ("person", "person "),
    ("person", " person"),
    ("Straße", "Strasse"),
    ("é", "e\u0301"),
    ("ﬁ", "fi"),
    ("İ", "i"),
    ("1", "01"),
    ("K", "\u212a"),
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
async def test_two_spellings_are_two_people(acme: Acme, one: str, other: str) -> None:
    keys = set()
    for sub in (one, other):
        acme.claims = {"sub": sub}
        identity = await acme.identify()
        assert identity.subject == sub
        keys.add(identity.key)
    assert len(keys) == 2


def test_no_two_pairs_of_issuer_and_subject_meet() -> None:
    pairs = [("https://a", "b"), ("https://ab", ""), ("https://a/", "b"), ("https://A", "b"), ("https://", "ab")]
    assert len({identity_key(*pair) for pair in pairs}) == len(pairs)
