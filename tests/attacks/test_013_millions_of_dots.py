"""Attack 13: CVE-2025-30204 and CVE-2025-27144, golang-jwt and go-jose: a token of millions of dots.

Splitting it at each dot makes millions of texts. Here a token over 8 KiB is refused by its length alone, and a shorter
one is cut at its first dot and at its last, never at each.
"""

import tracemalloc

import pytest

from tests.attacks.forged import published, taken


@pytest.mark.parametrize(
    "text",
    [
        "." * 5_000_000,
        "a." * 2_500_000,
        "e30." * 1_000_000,
        "e30." + "A" * 5_000_000,
        "." * 8192,
        "e30." * 2048,
        "eyJhbGciOiJFUzI1NiJ9." * 300,
        "A" * 1_000_000,
        "[" * 1_000_000,
    ],
    ids=lambda text: f"{text[:12]} × {len(text)}",
)
def test_dots_cost_nothing(text: str) -> None:
    keys = published()
    taken("a.b.c", keys)
    tracemalloc.start()
    assert taken(text, keys) is None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 65_536, "a few copies of 8 KiB, never one of the whole"
