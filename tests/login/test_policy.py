"""The policy decides what a sign-in still needs."""

import pytest

from coatcheck.errors import ConfigurationError
from coatcheck.login.policy import Enough, StillNeeded, check_ways_in, decide

SITE = ("password",)


def test_nothing_proven_asks_for_what_the_site_begins_with() -> None:
    assert decide((), site=SITE, enrolled=frozenset()) == StillNeeded(SITE)


def test_a_password_is_enough_for_an_account_without_more() -> None:
    assert decide(("password",), site=SITE, enrolled=frozenset()) == Enough("aal1", ("pwd",))


def test_an_enrolled_factor_is_asked_for() -> None:
    assert decide(("password",), site=SITE, enrolled=frozenset({"totp"})) == StillNeeded(("totp",))


def test_one_factor_twice_counts_once() -> None:
    assert decide(("password", "password"), site=SITE, enrolled=frozenset()) == Enough("aal1", ("pwd",))


def test_a_way_in_without_assurance_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match="carrier pigeon"):
        check_ways_in(("password", "carrier pigeon"))
