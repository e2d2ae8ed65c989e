"""Attack 64: CVE-2024-32879, social-auth-app-django: two subjects that differ in case are one in a database.

Here a subject is kept as the provider spelt it, byte for byte, and an identity is found by a digest of issuer and
subject, so that no collation has anything to compare.
"""

from pathlib import Path

import pytest

from coatcheck.upstream.identity import identity_key
from tests.attacks.lying import Lying, lying_at, sign_in_by
from tests.login.providers import who
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


async def two_accounts(lying: Lying) -> None:
    for number, pair in enumerate(PAIRS):
        for _ in ("for the first time", "again"):
            for sub, called in zip(pair, ("one", "other"), strict=True):
                email = f"{called}{number}@example.com"
                lying.says(f"{number} {sub}.", email)
                browser = lying.site.browser(address=f"198.51.100.{number}")
                await sign_in_by(lying, browser)
                assert await who(browser) == email, pair


async def test_two_spellings_have_two_accounts(lying: Lying) -> None:
    await two_accounts(lying)


async def test_and_so_on_postgresql(postgres_ready: str, tmp_path: Path) -> None:
    async with lying_at(postgres_ready, tmp_path) as lying:
        await two_accounts(lying)
