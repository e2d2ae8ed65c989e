"""Reads an answer from its first byte to its last condition. Loaded with the first answer (`read.py`)."""

from typing import Final

import pybase64
from lxml import etree

from coatcheck.upstream.saml.answer import Answer, Expected, Refused
from coatcheck.upstream.saml.conditions import check_assertion, check_response, check_statement
from coatcheck.upstream.saml.names import PREFIXES, UNSPECIFIED
from coatcheck.upstream.saml.sealed import unsealed
from coatcheck.upstream.saml.shape import ASSERTION, ENCRYPTED, SIGNATURE, check_response_shape
from coatcheck.upstream.saml.signed import signed_part
from coatcheck.upstream.saml.strict_xml import LONGEST, one, parse, text_of

_LONGEST_POSTED: Final = LONGEST * 3 // 2
# What Entra writes in the place of groups when there are more than it lists.
_MORE_GROUPS: Final = "http://schemas.microsoft.com/claims/groups.link"


def read_answer(posted: str, expected: Expected) -> Answer:
    """Give what the identity provider signed, if all of it is as it must be.

    Raises:
        Refused: a check failed.
        RefusedThere: the identity provider signs nobody in.
    """
    response = parse(_decoded(posted))
    check_response_shape(response)
    was_signed = response.find(SIGNATURE) is not None
    if was_signed:
        response = signed_part(response, expected.connection.pinned)
    check_response(response, expected, was_signed=was_signed)
    assertion = _assertion(response, expected, was_signed=was_signed)
    until = check_assertion(assertion, expected)
    statement = one(assertion, "saml:AuthnStatement")
    check_statement(statement, expected)
    return _answer(assertion, statement, expected, until)


def _decoded(posted: str) -> bytes:
    if len(posted) > _LONGEST_POSTED:
        raise Refused(f"size: more than {_LONGEST_POSTED} characters")
    try:
        return pybase64.b64decode("".join(posted.split()), validate=True)
    except ValueError:  # other letters too
        raise Refused("SAMLResponse: not base64") from None


def _assertion(response: etree._Element, expected: Expected, *, was_signed: bool) -> etree._Element:
    """Give the assertion, as far as it was signed: by itself, or as a part of the Response."""
    found = [*response.iterchildren(ASSERTION, ENCRYPTED)]
    if not found:
        raise Refused("shape: no assertion")
    [assertion] = found
    if assertion.tag == ENCRYPTED:
        assertion = unsealed(assertion, expected.connection.key, was_signed=was_signed)
    if assertion.find(SIGNATURE) is not None:
        return signed_part(assertion, expected.connection.pinned)
    if not was_signed:
        raise Refused("signature: neither the Response nor the Assertion is signed")
    return assertion


def _answer(assertion: etree._Element, statement: etree._Element, expected: Expected, until: int) -> Answer:
    name_id = assertion.find("saml:Subject/saml:NameID", PREFIXES)
    if name_id is not None:
        one(assertion, "saml:Subject/saml:NameID")
        _check_qualifiers(name_id, expected)
    context = statement.find("saml:AuthnContext/saml:AuthnContextClassRef", PREFIXES)
    attributes = _attributes(assertion)
    return Answer(
        assertion=assertion.get("ID", ""),
        name_id="" if name_id is None else text_of(name_id),
        name_id_format="" if name_id is None else name_id.get("Format", UNSPECIFIED),
        attributes={name: _values(attributes[name]) for name in _wanted(expected) if name in attributes},
        groups_cut_short=_MORE_GROUPS in attributes,
        context="" if context is None else text_of(context),
        counts_until=until,
    )


def _check_qualifiers(name_id: etree._Element, expected: Expected) -> None:
    """Refuse a name that another provider gave, or for another site: it could be somebody else's here."""
    own = {"NameQualifier": expected.connection.idp_entity_id, "SPNameQualifier": expected.entity_id}
    for attribute, value in own.items():
        if name_id.get(attribute, value) != value:
            raise Refused(f"{attribute} of the NameID: {name_id.get(attribute)!r:.200}, not {value}")


def _wanted(expected: Expected) -> set[str]:
    connection = expected.connection
    wanted = {
        connection.subject_attribute,
        connection.email_attribute,
        connection.name_attribute,
        connection.groups_attribute,
    }
    return wanted - {""}


def _attributes(assertion: etree._Element) -> dict[str, list[etree._Element]]:
    """Give the attributes by name; some providers write one for each value, under the same name."""
    found: dict[str, list[etree._Element]] = {}
    for each in assertion.iterfind("saml:AttributeStatement/saml:Attribute", PREFIXES):
        found.setdefault(each.get("Name", ""), []).append(each)
    return found


def _values(attributes: list[etree._Element]) -> tuple[str, ...]:
    return tuple(text_of(value) for each in attributes for value in each.iterfind("saml:AttributeValue", PREFIXES))
