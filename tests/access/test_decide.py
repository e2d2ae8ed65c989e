"""Whether somebody may: denied unless allowed, more of anything never takes away, and nothing is had past its end."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from msgspec.structs import replace as with_

from coatcheck.access.assignment import Assignment
from coatcheck.access.decide import Roles, Rule, Subject, decide
from coatcheck.access.inheritance import Parents

NAMES, PERMISSIONS = "abcde", ("n:read", "n:write", "n:delete")
NOW = 1_000
TIMES = st.one_of(st.none(), st.integers(NOW - 3, NOW + 3))
PERMISSION = st.sampled_from(PERMISSIONS)
ALLOWS = st.fixed_dictionaries({name: st.frozensets(PERMISSION, max_size=2) for name in NAMES})
# A role inherits those after it alone, so no circle comes about.
PARENTS = st.fixed_dictionaries(
    {name: st.frozensets(st.sampled_from(NAMES[at + 1 :] or "e"), max_size=3) for at, name in enumerate(NAMES[:-1])}
)
HELD = st.builds(Assignment, st.just("acc_ann"), st.sampled_from(NAMES), st.just(1), st.just("operator"), TIMES)
SCOPES = st.one_of(st.none(), st.frozensets(PERMISSION))
SUBJECT = st.builds(Subject, st.lists(HELD, max_size=3).map(tuple), st.just(True), SCOPES)

Allows = dict[str, frozenset[str]]


def may(allows: Allows, parents: Parents, subject: Subject, permission: str, now: int = NOW) -> bool:
    return decide(Roles(allows, parents), subject, permission, now).allowed


def what(allows: Allows, parents: Parents, subject: Subject, now: int = NOW) -> set[str]:
    """Give all that somebody may do."""
    return {permission for permission in PERMISSIONS if may(allows, parents, subject, permission, now)}


# --- denied by default


@given(allows=ALLOWS, parents=PARENTS, scopes=SCOPES)
def test_who_holds_nothing_may_nothing(allows: Allows, parents: Parents, scopes: frozenset[str] | None) -> None:
    assert what(allows, parents, Subject((), scopes=scopes)) == set()


@given(allows=ALLOWS, parents=PARENTS, subject=SUBJECT)
def test_what_is_allowed_is_what_some_role_allows(allows: Allows, parents: Parents, subject: Subject) -> None:
    """Worked out in another way: by what each role that counts comes to, over and over."""
    has = {held.role for held in subject.assignments if held.expires_at is None or held.expires_at > NOW}
    while more := {parent for role in has for parent in parents.get(role, ())} - has:
        has |= more
    allowed = {permission for role in has for permission in allows[role]}
    assert what(allows, parents, subject) == allowed & (allowed if subject.scopes is None else subject.scopes)


@given(allows=ALLOWS, parents=PARENTS, subject=SUBJECT)
def test_nobody_is_in_to_a_locked_account(allows: Allows, parents: Parents, subject: Subject) -> None:
    assert what(allows, parents, with_(subject, is_active=False)) == set()


def test_nothing_stands_for_another() -> None:
    """No permission is a pattern, and none is part of another."""
    subject = Subject((Assignment("acc_ann", "a", 1),))
    for allowed in ("n:*", "*:read", "*", "n:rea", "n:reads", "N:read"):
        assert not may({"a": frozenset({allowed})}, {}, subject, "n:read"), allowed
    assert may({"a": frozenset({"n:read"})}, {}, subject, "n:read")


def test_a_role_that_is_not_there_allows_nothing() -> None:
    assert not may({}, {"ghost": frozenset({"a"})}, Subject((Assignment("acc_ann", "ghost", 1),)), "n:read")


# --- monotone: more roles, permissions, parents or scopes never take anything away


@given(allows=ALLOWS, parents=PARENTS, subject=SUBJECT, more=HELD)
def test_another_role_takes_nothing_away(allows: Allows, parents: Parents, subject: Subject, more: Assignment) -> None:
    richer = with_(subject, assignments=(*subject.assignments, more))
    assert what(allows, parents, subject) <= what(allows, parents, richer)


@given(allows=ALLOWS, parents=PARENTS, subject=SUBJECT, role=st.sampled_from(NAMES), more=PERMISSION)
def test_another_permission_takes_nothing_away(
    allows: Allows, parents: Parents, subject: Subject, role: str, more: str
) -> None:
    richer = {**allows, role: allows[role] | {more}}
    before, after = what(allows, parents, subject), what(richer, parents, subject)
    assert before <= after <= before | {more}


@given(allows=ALLOWS, parents=PARENTS, subject=SUBJECT, scope=PERMISSION)
def test_a_wider_credential_may_no_less_and_never_more_than_its_account(
    allows: Allows, parents: Parents, subject: Subject, scope: str
) -> None:
    everything = what(allows, parents, with_(subject, scopes=None))
    narrow = what(allows, parents, subject)
    wider = what(allows, parents, with_(subject, scopes=(subject.scopes or frozenset()) | {scope}))
    assert wider <= everything
    assert subject.scopes is None or narrow <= wider <= narrow | {scope}


# --- inheriting makes no more of anybody than it says


@given(allows=ALLOWS, parents=PARENTS, link=st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), held=HELD)
def test_inheriting_gives_what_the_other_allows_to_those_below_and_to_nobody_else(
    allows: Allows, parents: Parents, link: tuple[str, str], held: Assignment
) -> None:
    child, parent = sorted(link)
    if child == parent:
        return
    linked: dict[str, frozenset[str]] = {**parents, child: parents.get(child, frozenset()) | {parent}}
    subject = Subject((replace(held, expires_at=None),))
    before, after = what(allows, parents, subject), what(allows, linked, subject)
    of_the_other = what(allows, parents, Subject((Assignment("acc_ann", parent, 1),)))
    assert before <= after <= before | of_the_other
    reaches_child = child in Roles(allows, parents).ways and _reaches(parents, held.role, child)
    assert after == (before | of_the_other if reaches_child else before)


def _reaches(parents: Parents, role: str, other: str) -> bool:
    return role == other or any(_reaches(parents, parent, other) for parent in parents.get(role, ()))


# --- ends are heeded


@given(allows=ALLOWS, parents=PARENTS, subject=SUBJECT, now=st.integers(NOW - 4, NOW + 4))
def test_a_role_counts_before_its_end_and_not_from_it_on(
    allows: Allows, parents: Parents, subject: Subject, now: int
) -> None:
    left = tuple(held for held in subject.assignments if held.expires_at is None or held.expires_at > now)
    unending = tuple(replace(held, expires_at=None) for held in left)
    assert what(allows, parents, subject, now) == what(allows, parents, with_(subject, assignments=unending))


@given(allows=ALLOWS, parents=PARENTS, subject=SUBJECT, now=st.integers(NOW - 4, NOW + 4))
def test_time_alone_gives_nobody_anything(allows: Allows, parents: Parents, subject: Subject, now: int) -> None:
    assert what(allows, parents, subject, now + 1) <= what(allows, parents, subject, now)


# --- the reasons


@given(allows=ALLOWS, parents=PARENTS, subject=SUBJECT, permission=PERMISSION, is_active=st.booleans())
def test_the_reasons_are_those_it_follows_from(
    allows: Allows, parents: Parents, subject: Subject, permission: str, is_active: bool
) -> None:
    subject = with_(subject, is_active=is_active)
    decision = decide(Roles(allows, parents), subject, permission, NOW)
    kinds = [rule.kind for rule in decision.because]
    against = {"nothing_allows", "out_of_scope", "not_active"}.intersection(kinds)
    assert decision.allowed == (not against)
    assert ("allows" in kinds) != ("nothing_allows" in kinds)
    assert (is_active, subject.scopes is None or permission in subject.scopes) == (
        "not_active" not in kinds,
        "out_of_scope" not in kinds,
    )
    for rule in decision.because:
        if rule.assignment is not None:
            assert (rule.assignment in subject.assignments, rule.path[0]) == (True, rule.assignment.role)
            assert permission in allows[rule.path[-1]]
            assert all(parent in parents[child] for child, parent in zip(rule.path, rule.path[1:], strict=False))
            alone = Subject((rule.assignment,))
            assert may(allows, parents, alone, permission) == (rule.kind == "allows"), "each reason would do alone"


def test_they_name_the_way_and_who_gave_the_role() -> None:
    allows: dict[str, Any] = {"chief": (), "editor": ("n:write",), "author": ("n:write",)}
    parents = {"chief": frozenset({"editor"})}
    by_ben = Assignment("acc_ann", "chief", 10, "acc_ben", NOW + 1)
    over = Assignment("acc_ann", "author", 20, "operator", NOW)
    decision = decide(Roles(allows, parents), Subject((by_ben, over)), "n:write", NOW)
    assert decision.allowed
    assert decision.because == (
        Rule("allows", ("chief", "editor"), by_ben),
        Rule("ran_out", ("author",), over),
    )
    assert decide(Roles(allows, parents), Subject((over,)), "n:write", NOW).because == (
        Rule("ran_out", ("author",), over),
        Rule("nothing_allows"),
    )
    assert Roles(allows, parents).allowing("n:write") == ["author", "chief", "editor"]
