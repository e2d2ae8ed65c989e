"""What roles reach: nearest first, by a way that is there, and no more than what inheriting over and over comes to."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from coatcheck.access.inheritance import Parents, path_between, paths_from

NAMES = "abcdef"
PARENTS = st.dictionaries(st.sampled_from(NAMES), st.frozensets(st.sampled_from(NAMES), max_size=4))
DIAMOND = {"chief": frozenset({"editor", "author"}), "editor": frozenset({"reader"}), "author": frozenset({"reader"})}


def reached(parents: Parents, role: str) -> set[str]:
    """Inherit until nothing is new, in the way that one would by hand."""
    found = {role}
    while more := {parent for each in found for parent in parents.get(each, ())} - found:
        found |= more
    return found


@given(parents=PARENTS, role=st.sampled_from(NAMES))
def test_a_role_reaches_what_inheriting_comes_to(parents: Parents, role: str) -> None:
    paths = paths_from(parents, role)
    assert paths.keys() == reached(parents, role)
    for end, path in paths.items():
        assert (path[0], path[-1]) == (role, end)
        assert all(parent in parents[child] for child, parent in itertools.pairwise(path))
        assert len(set(path)) == len(path)


def test_the_shortest_way_is_told() -> None:
    assert path_between(DIAMOND, "chief", "reader") == ("chief", "author", "reader")
    assert path_between({**DIAMOND, "chief": frozenset({"editor", "reader"})}, "chief", "reader") == ("chief", "reader")
    assert path_between(DIAMOND, "reader", "chief") is None
    assert path_between(DIAMOND, "nobody", "nobody") == ("nobody",)
