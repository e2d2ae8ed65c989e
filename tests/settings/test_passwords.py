"""Settings of passwords: the defaults are the standards' own, and a wrong one is named with its fix."""

from datetime import timedelta
from typing import Any

import pytest

from coatcheck.settings.passwords import PasswordSettings


def test_the_defaults_are_owasps_and_nists() -> None:
    settings = PasswordSettings()
    assert (settings.argon2_memory_kib, settings.argon2_time, settings.argon2_parallelism) == (19456, 2, 1)
    assert (settings.min_length, settings.min_length_with_second_factor) == (15, 8)
    assert settings.max_length >= 64 * 4
    assert not settings.breached_check


@pytest.mark.parametrize(("memory_kib", "time"), [(47104, 1), (12288, 3), (9216, 4), (7168, 5), (65536, 3)])
def test_owasps_other_pairs_are_taken(memory_kib: int, time: int) -> None:
    settings = PasswordSettings(argon2_memory_kib=memory_kib, argon2_time=time)
    assert settings.argon2_time == time


@pytest.mark.parametrize(
    "wrong",
    [
        {"argon2_memory_kib": 19455},
        {"argon2_memory_kib": 262145},
        {"argon2_time": 0},
        {"argon2_parallelism": 0},
        {"pool_memory_mib": 18},
        {"queue_limit": 0},
        {"min_length": 7},
        {"min_length": 65},
        {"min_length_with_second_factor": 7},
        {"min_length_with_second_factor": 16},
        {"max_length": 255},
        {"max_length": 4097},
        {"context_words": ("fit",)},
        {"breached_url": "http://example.org/range/"},
        {"breached_url": "http://127.0.0.1@example.org/range/"},
        {"breached_timeout": timedelta(0)},
    ],
)
def test_a_wrong_setting_is_named(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(ValueError, match=f"passwords.{name}"):
        PasswordSettings(**wrong)
