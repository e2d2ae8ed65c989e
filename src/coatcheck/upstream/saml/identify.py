"""Find out who came back from a company's identity provider: its answer is read, its assertion spent."""

from datetime import timedelta
from typing import Final

from coatcheck.accounts.identifiers import NotAnIdentifier, parse_email
from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.upstream.identity import MAX_SUBJECT, Identity, identity_key
from coatcheck.upstream.round_trips import Back
from coatcheck.upstream.saml.answer import Answer, Expected, Refused, RefusedThere
from coatcheck.upstream.saml.connection import SamlConnection, acs_of, entity_id_of
from coatcheck.upstream.saml.leave import request_id
from coatcheck.upstream.saml.names import NAME_ID_FORMATS
from coatcheck.upstream.saml.read import read_answer
from coatcheck.upstream.saml.records import use_assertion
from coatcheck.upstream.trouble import UpstreamFailed
from coatcheck.visit import Visit

# The request that it answers lives for ten minutes, so nothing is gained by marks that a provider makes eternal.
_LONGEST_MARK: Final = millis(timedelta(days=1))
_LONGEST_NAME: Final = 100


async def identify_by_response(desk: Desk, visit: Visit, connection: SamlConnection, back: Back) -> Identity:
    """Give who an identity provider says came back; its assertion counts once, in all workers.

    Args:
        visit: who came back; what the answer must say of us was settled when the trip began.

    Raises:
        UpstreamFailed: `assertion_refused` with the check that failed, `refused_there`, `no_subject` or
            `answer_incomplete`.

    See: SAML profiles section 4.1.4.3 and 4.1.4.5 (each assertion once).
    """
    answer = _read(desk, connection, back)
    identity = identity_of(connection, answer)
    expires_at = min(answer.counts_until, desk.now() + _LONGEST_MARK)
    digest = identity_key(connection.idp_entity_id, answer.assertion)
    async with desk.database.writing() as tx:
        is_new = await use_assertion(tx, digest, expires_at)
    if not is_new:
        raise UpstreamFailed("assertion_refused", "replay: this assertion was used already")
    return identity


def identity_of(connection: SamlConnection, answer: Answer) -> Identity:
    """Give the identity that an answer speaks of.

    Raises:
        UpstreamFailed: `no_subject`: it names nobody as the settings say.
    """
    email = _email(connection, answer)
    domain = email.rpartition("@")[2] if email else ""
    return Identity(
        provider=connection.name,
        issuer=connection.idp_entity_id,
        subject=_subject(connection, answer),
        email=email,
        is_email_proven=connection.trusts_email and domain in connection.domains,
        name=_shown(_only(answer, connection.name_attribute)),
        groups=None if answer.groups_cut_short else answer.attributes.get(connection.groups_attribute),
        has_two_factors=answer.context in connection.second_factor,
    )


def _read(desk: Desk, connection: SamlConnection, back: Back) -> Answer:
    posted = back.answer.get("SAMLResponse", "")
    if not posted:
        raise UpstreamFailed("answer_incomplete", "no SAMLResponse came")
    expected = Expected(
        connection=connection,
        acs=acs_of(back.trip.base_url, connection.name),
        entity_id=entity_id_of(back.trip.base_url, connection.name),
        request=request_id(desk, back.state),
        now=desk.now(),
        fresh_since=back.trip.began_at if back.trip.wants_fresh else None,
    )
    try:
        return read_answer(posted, expected)
    except Refused as refused:
        raise UpstreamFailed("assertion_refused", str(refused)) from None
    except RefusedThere as refused:
        raise UpstreamFailed("refused_there", str(refused)) from None


def _subject(connection: SamlConnection, answer: Answer) -> str:
    """Say who it is with the kind of name before it, so that names of two kinds never meet."""
    if attribute := connection.subject_attribute:
        kind, value = f"attribute {attribute}", _only(answer, attribute)
    else:
        kind, value = connection.name_id, answer.name_id
        if value and answer.name_id_format != NAME_ID_FORMATS[kind]:
            raise UpstreamFailed("no_subject", f"the NameID is {answer.name_id_format!r:.100}, not {kind}")
    if not value or value != value.strip() or not value.isprintable():
        raise UpstreamFailed("no_subject", f"{kind}: no value, several, or one with white space around it")
    subject = f"{kind}:{value}"
    if len(subject) > MAX_SUBJECT:
        raise UpstreamFailed("no_subject", f"{kind}: longer than {MAX_SUBJECT} characters")
    return subject


def _email(connection: SamlConnection, answer: Answer) -> str | None:
    typed = _only(answer, connection.email_attribute)
    if not typed and answer.name_id_format == NAME_ID_FORMATS["email"]:
        typed = answer.name_id
    try:
        return parse_email(typed).text
    except NotAnIdentifier:
        return None


def _only(answer: Answer, attribute: str) -> str:
    """Give the value of an attribute that has one alone; otherwise nobody could say which is meant."""
    values = answer.attributes.get(attribute, ())
    return values[0] if len(values) == 1 else ""


def _shown(name: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in name).split())[:_LONGEST_NAME]
