"""The bounds of the conditions, and what providers write differently. Each wrong one alone: tests/attacks/test_151."""

from typing import Any

import pytest

from coatcheck.clock import rfc3339
from coatcheck.upstream.saml.answer import Answer
from coatcheck.upstream.saml.names import SAML
from tests.upstream.saml.company import (
    ACS,
    ENTITY_ID,
    NOW,
    Change,
    Idp,
    drop,
    expected,
    find,
    outcome,
    put,
    write,
)

ASSERTION = "saml:Assertion"
CONDITIONS = f"{ASSERTION}/saml:Conditions"
DATA = f"{ASSERTION}/saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData"
STATEMENT = f"{ASSERTION}/saml:AuthnStatement"
STATUS = "samlp:Status/samlp:StatusCode"
RESPONDER = "urn:oasis:names:tc:SAML:2.0:status:Responder"


def taken(change: Change | None = None, **changed: Any) -> bool:
    """Tell whether an answer is taken that was changed before it was signed."""
    return isinstance(outcome(Idp(change=change).signed(), expected(**changed)), Answer)


@pytest.mark.parametrize(
    ("path", "name", "last", "first_refused"),
    [
        (CONDITIONS, "NotOnOrAfter", NOW - 59_000, NOW - 60_000),
        (DATA, "NotOnOrAfter", NOW - 59_000, NOW - 60_000),
        (CONDITIONS, "NotBefore", NOW + 60_000, NOW + 61_000),
        (ASSERTION, "IssueInstant", NOW + 60_000, NOW + 61_000),
        (STATEMENT, "AuthnInstant", NOW + 60_000, NOW + 61_000),
        (STATEMENT, "SessionNotOnOrAfter", NOW + 1_000, NOW),
    ],
)
def test_clocks_may_differ_by_a_minute(path: str, name: str, last: int, first_refused: int) -> None:
    assert taken(put(path, name, rfc3339(last)))
    assert not taken(put(path, name, rfc3339(first_refused)))


@pytest.mark.parametrize("written", ["2027-01-15T08:00:00Z", "2027-01-15T08:00:00.1Z", "2027-01-15T08:00:00.1234567Z"])
def test_moments_that_are_read(written: str) -> None:
    assert taken(put(ASSERTION, "IssueInstant", written))


@pytest.mark.parametrize(
    "written",
    [
        "", "now", "2027-01-15", "2027-01-15T08:00:00", "2027-01-15T08:00:00+00:00", "20270115T080000Z",
        "2027-13-15T08:00:00Z", "2027-01-15T24:00:00Z", "٢٠٢٧-01-15T08:00:00Z", " 2027-01-15T08:00:00Z",
        "2027-W02-5T08:00:00Z", "0000-01-15T08:00:00Z",
    ],
)  # fmt: skip
def test_moments_that_are_none(written: str) -> None:
    for path, name in ((ASSERTION, "IssueInstant"), (CONDITIONS, "NotBefore"), (DATA, "NotOnOrAfter")):
        refused = outcome(Idp(change=put(path, name, written)).signed())
        assert isinstance(refused, str)
        assert "is no time in UTC" in refused


def test_a_fresh_sign_in_is_looked_for() -> None:
    """Some providers take no notice of `ForceAuthn`; what they say of the time shows it."""
    began = NOW
    assert taken(fresh_since=began)
    assert taken(put(STATEMENT, "AuthnInstant", rfc3339(began - 60_000)), fresh_since=began)
    assert not taken(put(STATEMENT, "AuthnInstant", rfc3339(began - 61_000)), fresh_since=began)
    assert taken(put(STATEMENT, "AuthnInstant", rfc3339(began - 3_600_000)))


def test_until_when_it_counts_is_the_earlier_end() -> None:
    for path in (CONDITIONS, DATA):
        answer = outcome(Idp(change=put(path, "NotOnOrAfter", rfc3339(NOW + 10_000))).signed())
        assert isinstance(answer, Answer)
        assert answer.counts_until == NOW + 70_000


def test_one_of_several_audiences_is_enough_and_each_restriction_counts() -> None:
    def more(root: Any) -> None:
        restriction = find(root, f"{CONDITIONS}/saml:AudienceRestriction")
        audience = restriction.makeelement(f"{{{SAML}}}Audience")
        audience.text = "https://other.example"
        restriction.insert(0, audience)

    def another(root: Any) -> None:
        conditions = find(root, CONDITIONS)
        restriction = conditions.makeelement(f"{{{SAML}}}AudienceRestriction")
        conditions.append(restriction)

    assert taken(more)
    assert not taken(another)


@pytest.mark.parametrize("name", ["OneTimeUse", "ProxyRestriction"])
def test_conditions_that_ask_nothing_of_us(name: str) -> None:
    assert taken(lambda root: find(root, CONDITIONS).append(find(root, CONDITIONS).makeelement(f"{{{SAML}}}{name}")))


def test_an_unsigned_response_may_say_less_but_nothing_wrong() -> None:
    for change in (put("", "Destination", None), drop("saml:Issuer")):
        assert taken(change)
        assert isinstance(outcome(Idp(change=change, signs=("Response",)).signed()), str)
    for change in (put("", "Destination", ACS + "x"), put("", "Destination", ""), write("saml:Issuer", ENTITY_ID)):
        assert not taken(change)


def test_a_refusal_there_is_told_apart() -> None:
    def refuse(root: Any) -> None:
        code = find(root, STATUS)
        code.set("Value", RESPONDER)
        code.append(code.makeelement(code.tag, Value="urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"))
        root.remove(find(root, ASSERTION))

    answer = outcome(Idp(change=refuse, signs=()).signed())
    assert isinstance(answer, str)
    assert answer.startswith(f"there: Status: '{RESPONDER}, ")
    assert "AuthnFailed" in answer


def test_a_refusal_with_an_assertion_lets_nobody_in() -> None:
    for signs in (("Assertion",), ("Response",)):
        answer = outcome(Idp(change=put(STATUS, "Value", RESPONDER), signs=signs).signed())
        assert isinstance(answer, str)
        assert answer.startswith("there: ")
