"""An issuer that answers, and a clock that a test moves."""

from collections.abc import Iterator

import pytest

from coatcheck.testing.clock import ManualClock
from tests.verifier.issuer import Issuer


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def issuer(clock: ManualClock) -> Iterator[Issuer]:
    issuer = Issuer(clock)
    with issuer.serving():
        yield issuer
