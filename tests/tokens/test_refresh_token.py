"""The shape of a refresh token: told by its prefix and its checksum, and hidden wherever it is shown."""

import re
import string

from hypothesis import given
from hypothesis import strategies as st

from coatcheck.secret import hash_secret
from coatcheck.tokens.refresh_token import new_refresh_token, parse_refresh_token

SCANNER = re.compile(r"\bccr_[A-Za-z0-9_-]{44}[0-9a-z]{6}(?![A-Za-z0-9_-])")
"""As docs/tokens.md gives it to scanners of source code."""


def test_the_parts() -> None:
    first = new_refresh_token()
    second = new_refresh_token(first.family)
    assert len(first.whole.reveal()) == 54
    assert second.family_digest == first.family_digest
    assert second.digest != first.digest
    for token in (first, second):
        read = parse_refresh_token(token.whole.reveal())
        assert read is not None
        assert (read.digest, read.family_digest) == (token.digest, token.family_digest)
        assert read.digest == hash_secret(token.whole.reveal())


def test_scanners_find_it_in_what_people_commit() -> None:
    for _ in range(200):
        token = new_refresh_token().whole.reveal()
        for line in (f'TOKEN = "{token}"', f"token: {token}\n", f"curl -d refresh_token={token}&x=1", f"[{token}]"):
            assert SCANNER.findall(line) == [token]


def test_it_hides_itself() -> None:
    token = new_refresh_token()
    assert "ccr_" not in repr(token)
    assert token.family.reveal() not in repr(token)


@given(st.text(alphabet=string.ascii_letters + string.digits + "_-", min_size=50, max_size=50))
def test_a_word_that_looks_like_one_is_none(word: str) -> None:
    """One in 2³¹ of them has the right checksum."""
    assert parse_refresh_token("ccr_" + word) is None


@given(st.integers(0, 53), st.sampled_from(string.ascii_letters + string.digits + "_-. \n\0é"))
def test_one_character_changed(place: int, character: str) -> None:
    token = new_refresh_token().whole.reveal()
    changed = token[:place] + character + token[place + 1 :]
    assert (parse_refresh_token(changed) is None) == (changed != token)
