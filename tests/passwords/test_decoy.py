"""Decoys. Attack (CVE-2021-29621 and its kin): tell accounts from strangers by how long a sign-in takes."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coatcheck.passwords import schemes
from coatcheck.passwords.decoy import Decoys
from coatcheck.settings.passwords import PasswordSettings

SETTINGS = PasswordSettings()
DECOYS = Decoys(b"k" * 32, SETTINGS)
TODAY = "argon2id$v=19$m=19456,t=2,p=1"
CENSUS = {TODAY: 600, "bcrypt$12": 300, "pbkdf2-sha256$600000": 100}
PEOPLE = [f"person{number}@example.org" for number in range(4000)]


def labels(decoys: Decoys, census: dict[str, int]) -> list[str]:
    return [schemes.label(decoys.choose(person, census)) for person in PEOPLE]


def test_decoys_have_schemes_in_the_proportion_of_those_stored() -> None:
    counted = Counter(labels(DECOYS, CENSUS))
    for label, stored in CENSUS.items():
        assert counted[label] / len(PEOPLE) == pytest.approx(stored / 1000, abs=0.03)


def test_one_identifier_has_one_decoy() -> None:
    again = Decoys(b"k" * 32, SETTINGS)
    for person in PEOPLE[:100]:
        assert DECOYS.choose(person, CENSUS) == again.choose(person, dict(reversed(CENSUS.items())))


def test_nobody_without_the_key_can_tell_the_pick() -> None:
    other = labels(Decoys(b"o" * 32, SETTINGS), CENSUS)
    same = sum(left == right for left, right in zip(labels(DECOYS, CENSUS), other, strict=True))
    assert same / len(PEOPLE) == pytest.approx(0.6**2 + 0.3**2 + 0.1**2, abs=0.04)


def test_when_old_hashes_are_replaced_decoys_only_move_to_todays() -> None:
    upgraded = {TODAY: 800, "bcrypt$12": 100, "pbkdf2-sha256$600000": 100}
    moves = Counter(zip(labels(DECOYS, CENSUS), labels(DECOYS, upgraded), strict=True))
    moved = {pair for pair in moves if pair[0] != pair[1]}
    assert moved <= {("bcrypt$12", TODAY), ("bcrypt$12", "pbkdf2-sha256$600000"), ("pbkdf2-sha256$600000", TODAY)}
    assert moves["bcrypt$12", TODAY] > 500


@pytest.mark.parametrize("census", [{}, {TODAY: 0}, {"bcrypt$12": 0}, {"of no scheme": 5}])
def test_without_a_known_stored_hash_the_decoy_is_one_of_todays(census: dict[str, int]) -> None:
    assert schemes.label(DECOYS.choose("ann@example.org", census)) == TODAY


@given(st.text(max_size=60), st.text(max_size=20))
def test_a_decoy_is_readable_and_no_password_matches(identifier: str, password: str) -> None:
    stored = DECOYS.choose(identifier, {"pbkdf2-sha256$1": 1, "bcrypt$4": 1})
    assert not schemes.read(stored).verify(password)


def test_an_identifier_with_half_a_surrogate_pair_has_a_decoy_too() -> None:
    assert DECOYS.choose("\ud800", CENSUS)


def test_decoys_of_two_people_share_nothing() -> None:
    ann, ben = (DECOYS.choose(name, {}).split("$")[-2:] for name in ("ann@example.org", "ben@example.org"))
    assert set(ann).isdisjoint(ben)


def test_the_key_is_not_shown() -> None:
    assert "k" * 4 not in repr(DECOYS)
