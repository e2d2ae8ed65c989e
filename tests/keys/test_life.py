"""The times of a key's life keep what they promise, whatever the settings."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coatcheck.clock import millis
from coatcheck.keys.life import LEEWAY, LONGEST_TOKEN, READ_EVERY, KeyRow, gone_after, is_due, lead
from coatcheck.settings import KeySettings

MAX_AGES = st.timedeltas(min_value=timedelta(seconds=10), max_value=timedelta(hours=1))
TURNS = st.timedeltas(min_value=timedelta(days=1), max_value=timedelta(days=800))


def row(signs_from: int, retires_at: int | None = None, algorithm: str = "RS256") -> KeyRow:
    gone_at = None if retires_at is None else gone_after(retires_at)
    return KeyRow(
        kid="sig_a",
        number=1,
        algorithm=algorithm,
        private=b"",
        made_at=0,
        signs_from=signs_from,
        retires_at=retires_at,
        gone_at=gone_at,
    )


def test_a_life() -> None:
    key = row(signs_from=1000, retires_at=2000)
    assert key.gone_at is not None
    moments = [0, 999, 1000, 1999, 2000, key.gone_at - 1, key.gone_at]
    states = ["published", "published", "signing", "signing", "retired", "retired", "gone"]
    assert [key.state(moment) for moment in moments] == states
    assert row(signs_from=1000).state(10**15) == "signing", "until there is another"


@given(MAX_AGES, TURNS)
def test_every_verifier_has_it_before_it_signs(max_age: timedelta, turn: timedelta) -> None:
    """A process that publishes it read the table up to a minute late; a verifier missed one of its refreshes."""
    settings = KeySettings(jwks_max_age=max_age, rotate_every=turn)
    assert lead(settings) >= 2 * max_age + READ_EVERY
    assert lead(settings) < settings.rotate_every, "the next is published only when the one before signs"


@given(MAX_AGES, TURNS, st.integers(0, 10**13))
def test_a_key_signs_as_long_as_was_set(max_age: timedelta, turn: timedelta, signs_from: int) -> None:
    settings = KeySettings(jwks_max_age=max_age, rotate_every=turn)
    due_at = signs_from + millis(turn - lead(settings))
    assert not is_due(row(signs_from), settings, due_at - 1)
    assert is_due(row(signs_from), settings, due_at)


def test_it_is_known_until_its_last_token_has_run_out() -> None:
    last_signed_at = 5_000_000
    assert gone_after(last_signed_at) >= last_signed_at + millis(LONGEST_TOKEN) + millis(LEEWAY)


def test_another_algorithm_is_taken_up_at_once_but_not_twice() -> None:
    settings = KeySettings(algorithm="ES256")
    assert is_due(row(0), settings, 1)
    assert not is_due(row(1000, algorithm="RS256"), settings, 999), "the one that is published waits for its turn first"
    assert not is_due(row(0, algorithm="ES256"), settings, 1)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("algorithm", "none"),
        ("algorithm", "RS512"),
        ("algorithm", "rs256"),
        ("jwks_max_age", timedelta(seconds=9)),
        ("jwks_max_age", timedelta(minutes=61)),
        ("rotate_every", timedelta(hours=23)),
    ],
)
def test_what_cannot_be_set(setting: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"keys.{setting} must"):
        KeySettings(**{setting: value})  # type: ignore[arg-type]
