"""HS256 is chosen by name, for one process; the other algorithms by their names alone."""

from collections.abc import Mapping

import pytest

from coatcheck.errors import ConfigurationError
from coatcheck.settings import KeySettings
from coatcheck.settings.read import read_settings

HS256: Mapping[str, object] = {"algorithm": "HS256"}


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA", "PS256"])
def test_the_algorithms(algorithm: str) -> None:
    assert read_settings(None, {}, {"keys": {"algorithm": algorithm}}).keys.algorithm == algorithm


def test_the_default() -> None:
    assert (KeySettings().algorithm, KeySettings().rotate_every.days) == ("RS256", 90)


def test_a_shared_secret_by_its_name_alone() -> None:
    with pytest.raises(ConfigurationError, match=r"keys\.algorithm: .* or list SHARED_SECRET_TOKENS in server\.unsafe"):
        read_settings(None, {}, {"keys": HS256})
    named = {"unsafe": ["SHARED_SECRET_TOKENS"]}
    assert read_settings(None, {}, {"keys": HS256, "server": named}).keys.algorithm == "HS256"


def test_a_shared_secret_for_one_process_alone() -> None:
    several = {"unsafe": ["SHARED_SECRET_TOKENS"], "workers": 2}
    with pytest.raises(ConfigurationError, match=r"keys\.algorithm: HS256 is for one process, and there are 2 workers"):
        read_settings(None, {}, {"keys": HS256, "server": several})
