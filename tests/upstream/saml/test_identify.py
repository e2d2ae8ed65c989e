"""Who came back: the identity that a right answer gives, once; and how the rest is told apart."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import text

from coatcheck.desk import Desk
from coatcheck.secret import Secret, new_id, new_secret
from coatcheck.storage.tidy import tidy
from coatcheck.upstream.identity import Identity
from coatcheck.upstream.round_trips import Back, RoundTrip
from coatcheck.upstream.saml.connection import SamlConnection
from coatcheck.upstream.saml.identify import identify_by_response
from coatcheck.upstream.saml.leave import request_id
from coatcheck.upstream.saml.names import NAME_ID_FORMATS, UNSPECIFIED
from coatcheck.upstream.trouble import UpstreamFailed
from tests.site import VISIT, Site
from tests.upstream.saml.company import BASE_URL, IDP, MFA_CONTEXT, Idp, connection, drop, find, put

TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
MORE_GROUPS = "http://schemas.microsoft.com/claims/groups.link"


def back(desk: Desk, state: Secret, answer: Mapping[str, str], *, wants_fresh: bool = False) -> Back:
    """Give a trip that came back."""
    began = desk.now() - 30_000
    trip = RoundTrip(provider="acme", back_at="/", base_url=BASE_URL, began_at=began, wants_fresh=wants_fresh)
    return Back(trip=trip, state=state, answer={"RelayState": state.reveal(), **answer})


async def come_back(
    site: Site, idp: Idp | None = None, to: SamlConnection | None = None, *, wants_fresh: bool = False, **changed: Any
) -> Identity:
    """Go to the identity provider and back: its answer is changed, then signed."""
    state = new_secret()
    answer = (idp or Idp()).but(request=request_id(site.desk, state), now=site.desk.now(), assertion=new_id("_"))
    answer = answer.but(**changed)
    returned = back(site.desk, state, {"SAMLResponse": answer.posted()}, wants_fresh=wants_fresh)
    return await identify_by_response(site.desk, VISIT, to or connection(), returned)


def attributes(**changed: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Give the attributes of an answer."""
    return {**Idp().attributes, **changed}


async def test_it_says_who_it_is(site: Site) -> None:
    assert await come_back(site) == Identity(
        provider="acme",
        issuer=IDP,
        subject="persistent:8f3c-ada",
        email="ada@acme.example",
        is_email_proven=True,
        name="Ada Byron",
        groups=("Acme Admins", "Everybody"),
    )


@pytest.mark.parametrize(
    ("typed", "email", "proven"),
    [
        (("Ada@ACME.example",), "ada@acme.example", True),
        (("ada@other.example",), "ada@other.example", False),
        (("ada@sub.acme.example",), "ada@sub.acme.example", False),
        (("ada@evil.example@acme.example",), None, False),
        (("nobody",), None, False),
        (("",), None, False),
        ((), None, False),
        (("ada@acme.example", "root@acme.example"), None, False),
    ],
)
async def test_emails_count_for_proven_domains(
    site: Site, typed: tuple[str, ...], email: str | None, proven: bool
) -> None:
    identity = await come_back(site, attributes=attributes(email=typed))
    assert (identity.email, identity.is_email_proven) == (email, proven)


async def test_no_email_counts_unless_the_operator_says_so(site: Site) -> None:
    for to in (connection(trusts_email=False), connection(domains=())):
        identity = await come_back(site, to=to)
        assert (identity.email, identity.is_email_proven) == ("ada@acme.example", False)


async def test_a_name_id_that_is_an_email_stands_in(site: Site) -> None:
    to = connection(name_id="email")
    named = Idp(format=NAME_ID_FORMATS["email"], name_id="ada@acme.example")
    identity = await come_back(site, named, to=to, attributes={})
    assert (identity.subject, identity.email) == ("email:ada@acme.example", "ada@acme.example")
    identity = await come_back(site, named, to=to, attributes=attributes(email=("other@acme.example",)))
    assert identity.email == "other@acme.example"


async def test_kinds_of_names_never_meet(site: Site) -> None:
    """The same value as a NameID of each kind and as an attribute: four people."""
    value = "ada@acme.example"
    names = [
        (await come_back(site, to=connection(name_id=kind), format=written, name_id=value)).key
        for kind, written in NAME_ID_FORMATS.items()
    ]
    for attribute in ("email", "persistent"):
        to = connection(subject_attribute=attribute)
        names.append((await come_back(site, to=to, attributes={attribute: (value,)})).key)
    assert len(set(names)) == 5


async def test_two_providers_never_meet(site: Site) -> None:
    first = await come_back(site)
    other = "https://other.example/saml"
    second = await come_back(site, idp=Idp(idp=other), to=connection(idp_entity_id=other))
    assert first.subject == second.subject
    assert first.key != second.key


@pytest.mark.parametrize(
    "changed",
    [
        {"format": TRANSIENT},
        {"format": NAME_ID_FORMATS["email"]},
        {"format": UNSPECIFIED},
        {"name_id": ""},
        {"name_id": " 8f3c-ada"},
        {"name_id": "8f3c\u200bada"},
        {"name_id": "8f3c\nada"},
        {"name_id": "x" * 245},
        {"change": put("saml:Assertion/saml:Subject/saml:NameID", "Format", None)},
        {"change": drop("saml:Assertion/saml:Subject/saml:NameID")},
    ],
)
async def test_what_is_nobody_s_lasting_name(site: Site, changed: dict[str, Any]) -> None:
    with pytest.raises(UpstreamFailed, match="no_subject: ") as failed:
        await come_back(site, **changed)
    assert failed.value.trouble == "no_subject"


async def test_no_format_is_unspecified(site: Site) -> None:
    change = put("saml:Assertion/saml:Subject/saml:NameID", "Format", None)
    assert (await come_back(site, to=connection(name_id="unspecified"), change=change)).subject == (
        "unspecified:8f3c-ada"
    )


async def test_an_attribute_as_the_name(site: Site) -> None:
    to = connection(subject_attribute="employee")
    for transient in (TRANSIENT, NAME_ID_FORMATS["email"]):
        identity = await come_back(site, to=to, format=transient, attributes=attributes(employee=("4711",)))
        assert identity.subject == "attribute employee:4711"
    for values in ((), ("4711", "4712"), ("",), (" 4711",)):
        with pytest.raises(UpstreamFailed, match="no_subject"):
            await come_back(site, to=to, attributes=attributes(employee=values))


async def test_groups_that_are_missing_or_cut_short_are_not_none(site: Site) -> None:
    silent = {name: values for name, values in Idp().attributes.items() if name != "groups"}
    assert (await come_back(site, attributes=silent)).groups is None
    assert (await come_back(site, attributes=attributes(groups=()))).groups == ()
    cut = {**attributes(), MORE_GROUPS: ("https://graph.example",)}
    assert (await come_back(site, attributes=cut)).groups is None
    assert (await come_back(site, to=connection(groups_attribute=""))).groups is None


async def test_groups_in_attributes_of_one_name(site: Site) -> None:
    """Keycloak writes one attribute for each role."""

    def split(root: Any) -> None:
        groups = find(root, "saml:Assertion/saml:AttributeStatement/saml:Attribute[@Name='groups']")
        second = etree.fromstring(etree.tostring(groups, with_tail=False))
        groups.remove(groups[1])
        second.remove(second[0])
        groups.addnext(second)

    assert (await come_back(site, change=split)).groups == ("Acme Admins", "Everybody")


async def test_a_second_factor_is_what_the_operator_says(site: Site) -> None:
    assert not (await come_back(site)).has_two_factors
    assert (await come_back(site, context=MFA_CONTEXT)).has_two_factors
    assert not (await come_back(site, to=connection(second_factor=()), context=MFA_CONTEXT)).has_two_factors
    assert not (await come_back(site, to=connection(second_factor=()), context="")).has_two_factors


async def test_names_are_fit_to_be_shown(site: Site) -> None:
    shown = await come_back(site, attributes=attributes(displayName=("  Ada\n\u202e  Byron " + "x" * 200,)))
    assert shown.name.startswith("Ada Byron xxx")
    assert len(shown.name) == 100
    assert (await come_back(site, attributes=attributes(displayName=("Ada", "Eve")))).name == ""


async def test_only_what_is_read_is_read_strictly(site: Site) -> None:
    """An eduPersonTargetedID holds elements: no trouble, unless it is the name that was asked for."""

    def nested(root: Any) -> None:
        value = find(root, "saml:Assertion/saml:AttributeStatement/saml:Attribute[@Name='other']/saml:AttributeValue")
        etree.SubElement(value, "{urn:oasis:names:tc:SAML:2.0:assertion}NameID").text = "x"

    await come_back(site, change=nested, attributes=attributes(other=("",)))
    with pytest.raises(UpstreamFailed, match="elements within"):
        await come_back(site, to=connection(name_attribute="other"), change=nested, attributes=attributes(other=("",)))


async def test_a_fresh_sign_in_is_looked_for(site: Site) -> None:
    await come_back(site, wants_fresh=True)
    old = put("saml:Assertion/saml:AuthnStatement", "AuthnInstant", "2027-01-15T07:50:00Z")
    await come_back(site, assertion="_old", change=old)
    with pytest.raises(UpstreamFailed, match="not asked anew"):
        await come_back(site, wants_fresh=True, change=old)


async def test_every_failure_is_named(site: Site) -> None:
    status = put("samlp:Status/samlp:StatusCode", "Value", "urn:oasis:names:tc:SAML:2.0:status:Responder")
    for changed, trouble, why in (
        ({"entity_id": "https://other.example"}, "assertion_refused", "Audience"),
        ({"signs": ()}, "assertion_refused", "signature"),
        ({"change": status}, "refused_there", "Status"),
    ):
        with pytest.raises(UpstreamFailed, match=why) as failed:
            await come_back(site, **changed)
        assert failed.value.trouble == trouble


@pytest.mark.parametrize("answer", [{}, {"SAMLResponse": ""}, {"SAMLart": "x"}])
async def test_no_answer_at_all(site: Site, answer: dict[str, str]) -> None:
    with pytest.raises(UpstreamFailed) as failed:
        await identify_by_response(site.desk, VISIT, connection(), back(site.desk, new_secret(), answer))
    assert failed.value.trouble == "answer_incomplete"


async def test_of_fifty_who_bring_one_assertion_one_is_in(every_site: Site) -> None:
    """Their trip was taken once already, by `end_trip`; the mark holds alone."""
    site, state = every_site, new_secret()
    posted = Idp(request=request_id(site.desk, state), now=site.desk.now()).posted()
    returned = back(site.desk, state, {"SAMLResponse": posted})

    brought = (identify_by_response(site.desk, VISIT, connection(), returned) for _ in range(50))
    outcomes = await asyncio.gather(*brought, return_exceptions=True)
    assert sum(isinstance(each, Identity) for each in outcomes) == 1
    assert {str(each) for each in outcomes if not isinstance(each, Identity)} == {
        "assertion_refused: replay: this assertion was used already"
    }


async def test_the_mark_lasts_as_long_as_the_assertion_and_no_longer_than_a_day(site: Site) -> None:
    state = new_secret()
    answer = Idp(request=request_id(site.desk, state), now=site.desk.now())
    returned = back(site.desk, state, {"SAMLResponse": answer.posted()})
    await identify_by_response(site.desk, VISIT, connection(), returned)
    for _ in range(6):
        with pytest.raises(UpstreamFailed, match="replay"):
            await identify_by_response(site.desk, VISIT, connection(), returned)
        site.clock.advance(timedelta(seconds=59))
        await tidy(site.desk.database, site.desk.now())
    site.clock.advance(timedelta(seconds=6))
    with pytest.raises(UpstreamFailed, match="NotOnOrAfter"):
        await identify_by_response(site.desk, VISIT, connection(), returned)

    def for_ever(root: Any) -> None:
        for path in ("saml:Assertion/saml:Conditions", "saml:Assertion//saml:SubjectConfirmationData"):
            find(root, path).set("NotOnOrAfter", "2999-01-01T00:00:00Z")

    await come_back(site, assertion="_for_ever", change=for_ever)
    async with site.desk.database.reading() as db:
        latest = (await db.execute(text("SELECT max(expires_at) FROM seen_assertions"))).scalar()
    assert latest == site.desk.now() + 24 * 3600 * 1000
