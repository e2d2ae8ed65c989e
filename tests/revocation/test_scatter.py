"""Every slot gets another index, and neighbours do not stay neighbours."""

from itertools import pairwise

from coatcheck.revocation.scatter import scattered

KEY, OTHER = b"0123456789abcdef", b"fedcba9876543210"


def test_is_a_permutation() -> None:
    size = 2**12
    assert sorted(scattered(slot, size, KEY) for slot in range(size)) == list(range(size))


def test_neighbours_part() -> None:
    size = 2**20
    places = [scattered(slot, size, KEY) for slot in range(1000)]
    assert all(0 <= place < size for place in places)
    assert sum(abs(left - right) == 1 for left, right in pairwise(places)) <= 1
    strides = {right - left for left, right in pairwise(places)}
    assert len(strides) > 900, "no stride tells one slot from the next"


def test_lists_scatter_differently() -> None:
    assert [scattered(slot, 2**20, KEY) for slot in range(20)] != [scattered(slot, 2**20, OTHER) for slot in range(20)]
