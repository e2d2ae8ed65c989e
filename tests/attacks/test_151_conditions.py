"""Attack 151: CVE-2026-9093, CVE-2026-9096, CVE-2026-9098, Casdoor: Audience, times and InResponseTo are not checked.

A genuine assertion, made for another site, long ago, or for nobody's request, signs in. Here each condition is
compulsory, and missing is as bad as wrong: every field below is changed alone, and then signed by the right key.
InResponseTo must name the request of this very trip, so there is no sign-in that an identity provider begins.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from lxml import etree

from coatcheck.clock import rfc3339
from coatcheck.secret import new_secret
from coatcheck.upstream.saml.answer import Answer
from coatcheck.upstream.saml.connection import acs_of, entity_id_of
from coatcheck.upstream.saml.identify import identify_by_response
from coatcheck.upstream.saml.leave import request_id
from coatcheck.upstream.saml.names import SAML
from coatcheck.upstream.trouble import UpstreamFailed
from tests.attacks.workers import another_worker
from tests.site import VISIT, Site
from tests.upstream.saml.company import (
    ACS,
    BASE_URL,
    ENTITY_ID,
    IDP,
    NOW,
    REQUEST,
    Change,
    Idp,
    connection,
    double,
    drop,
    expected,
    find,
    outcome,
    put,
    write,
)
from tests.upstream.saml.test_identify import back

ASSERTION = "saml:Assertion"
SUBJECT = f"{ASSERTION}/saml:Subject"
CONFIRMATION = f"{SUBJECT}/saml:SubjectConfirmation"
DATA = f"{CONFIRMATION}/saml:SubjectConfirmationData"
CONDITIONS = f"{ASSERTION}/saml:Conditions"
RESTRICTION = f"{CONDITIONS}/saml:AudienceRestriction"
STATEMENT = f"{ASSERTION}/saml:AuthnStatement"
STATUS = "samlp:Status/samlp:StatusCode"
LATE, EARLY = rfc3339(NOW - 61_000), rfc3339(NOW + 61_000)

WRONG: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "Version"): ("1.1", ""),
    ("", "InResponseTo"): ("_other", "", REQUEST.upper(), REQUEST + " "),
    ("", "Destination"): (
        ACS + "/",
        ACS.upper(),
        "",
        acs_of(BASE_URL, "other"),
        acs_of("https://evil.example", "acme"),
    ),
    (STATUS, "Value"): ("", "urn:oasis:names:tc:SAML:2.0:status:Responder"),
    (ASSERTION, "Version"): ("1.1", ""),
    (ASSERTION, "ID"): (),
    (ASSERTION, "IssueInstant"): (EARLY, "never"),
    (CONFIRMATION, "Method"): ("urn:oasis:names:tc:SAML:2.0:cm:sender-vouches", ""),
    (DATA, "Recipient"): (ACS + "/", ACS + "?x", "", acs_of(BASE_URL, "other"), "https://evil.example/saml/acme/acs"),
    (DATA, "InResponseTo"): ("_other", "", REQUEST[:-1]),
    (DATA, "NotOnOrAfter"): (LATE, "never"),
    (CONDITIONS, "NotOnOrAfter"): (LATE, "never"),
    (CONDITIONS, "NotBefore"): (EARLY, "never"),
    (STATEMENT, "AuthnInstant"): (EARLY, "never"),
}
"""Values that are wrong; each is tried, and then the attribute is left out."""

TEXTS = {
    f"{ASSERTION}/saml:Issuer": (IDP + "/", "", "https://evil.example", f" {IDP}"),
    f"{RESTRICTION}/saml:Audience": (ENTITY_ID + "/", "", entity_id_of(BASE_URL, "other"), BASE_URL),
}
COMPULSORY = (
    f"{ASSERTION}/saml:Issuer", SUBJECT, CONFIRMATION, DATA, CONDITIONS, RESTRICTION, f"{RESTRICTION}/saml:Audience",
    STATEMENT, "samlp:Status", STATUS,
)  # fmt: skip
ONCE = (
    f"{ASSERTION}/saml:Issuer",
    SUBJECT,
    f"{SUBJECT}/saml:NameID",
    CONFIRMATION,
    DATA,
    CONDITIONS,
    STATEMENT,
    STATUS,
)


def changes() -> Iterator[tuple[str, Change]]:
    """Give every change of a single field."""
    for (path, name), values in WRONG.items():
        yield f"{path}/@{name} missing", put(path, name, None)
        for value in values:
            yield f"{path}/@{name}={value!r}", put(path, name, value)
    for path, texts in TEXTS.items():
        for text in texts:
            yield f"{path}={text!r}", write(path, text)
    for path in COMPULSORY:
        yield f"{path} missing", drop(path)
    for path in ONCE:
        yield f"{path} twice", double(path)
    yield "NotBefore where it must not be", put(DATA, "NotBefore", rfc3339(NOW - 1000))
    yield "the session there has ended", put(STATEMENT, "SessionNotOnOrAfter", rfc3339(NOW - 1000))
    yield "a condition that we do not know", unknown_condition
    yield "the Issuer is of another kind", put(f"{ASSERTION}/saml:Issuer", "Format", "urn:x")
    yield "a name by another provider", put(f"{SUBJECT}/saml:NameID", "NameQualifier", "https://evil.example")
    yield "a name for another site", put(f"{SUBJECT}/saml:NameID", "SPNameQualifier", "https://evil.example")


def unknown_condition(root: Any) -> None:
    etree.SubElement(find(root, CONDITIONS), f"{{{SAML}}}Condition")


def unasked(root: Any) -> None:
    for path in ("", DATA):
        put(path, "InResponseTo", None)(root)


CHANGES = dict(changes())
SIGNED = (("Assertion",), ("Response",), ("Assertion", "Response"))
# An unsigned Response need not say where it goes; and what has no ID cannot be signed.
NOT_SO = {
    ("/@Destination missing", SIGNED[0]),
    *((f"{ASSERTION}/@ID missing", signs) for signs in (SIGNED[0], SIGNED[2])),
}


@pytest.mark.parametrize(
    ("what", "signs"), [(what, signs) for what in CHANGES for signs in SIGNED if (what, signs) not in NOT_SO]
)
def test_a_single_wrong_field_refuses(what: str, signs: tuple[str, ...]) -> None:
    assert isinstance(outcome(Idp(change=CHANGES[what], signs=signs).signed()), str)


def test_without_a_change_it_is_taken() -> None:
    for signs in SIGNED:
        assert isinstance(outcome(Idp(signs=signs).signed()), Answer)


@pytest.mark.parametrize(
    "changed",
    [
        {"request": "_another"},
        {"now": NOW + 361_000},
        {"now": NOW - 361_000},
        {"acs": acs_of(BASE_URL, "other")},
        {"entity_id": entity_id_of(BASE_URL, "other")},
        {"connection": connection(idp_entity_id="https://other.example")},
    ],
)
def test_a_genuine_answer_for_somebody_else(changed: dict[str, Any]) -> None:
    for signs in (("Assertion",), ("Response",)):
        assert isinstance(outcome(Idp(signs=signs).signed(), expected(**changed)), str)


async def test_an_answer_to_no_request_of_this_trip(site: Site) -> None:
    """Another browser's answer, one that the provider began, and one of another connection."""
    mine, another = new_secret(), new_secret()
    answers = (
        Idp(request=request_id(site.desk, another)),
        Idp(change=unasked),
        Idp(request=request_id(site.desk, mine), acs=acs_of(BASE_URL, "b"), entity_id=entity_id_of(BASE_URL, "b")),
    )
    for answer in answers:
        returned = back(site.desk, mine, {"SAMLResponse": answer.posted()})
        with pytest.raises(UpstreamFailed, match=r"InResponseTo|Destination|Recipient"):
            await identify_by_response(site.desk, VISIT, connection(), returned)


async def test_it_counts_once_in_all_workers(site: Site) -> None:
    state = new_secret()
    returned = back(site.desk, state, {"SAMLResponse": Idp(request=request_id(site.desk, state)).posted()})
    await identify_by_response(site.desk, VISIT, connection(), returned)
    async with another_worker(site) as other:
        for node in (site, other):
            with pytest.raises(UpstreamFailed, match="replay"):
                await identify_by_response(node.desk, VISIT, connection(), returned)


async def test_what_was_refused_spends_nothing(site: Site) -> None:
    """A stranger who knows an assertion's ID cannot use it up."""
    state = new_secret()
    genuine = Idp(request=request_id(site.desk, state))
    for forged in (genuine.but(signs=()), genuine.but(entity_id="https://other.example")):
        with pytest.raises(UpstreamFailed):
            await identify_by_response(
                site.desk, VISIT, connection(), back(site.desk, state, {"SAMLResponse": forged.posted()})
            )
    returned = back(site.desk, state, {"SAMLResponse": genuine.posted()})
    assert (await identify_by_response(site.desk, VISIT, connection(), returned)).subject == "persistent:8f3c-ada"
