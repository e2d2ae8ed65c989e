"""The conditions of an answer. Each is compulsory: a missing value refuses like a wrong one.

See: SAML profiles section 4.1.4.2 and 4.1.4.3; SAML core sections 2.4 and 2.5.
"""

import re
from datetime import timedelta
from typing import Final

from lxml import etree

from coatcheck.clock import Instant, millis, parse_rfc3339, rfc3339
from coatcheck.upstream.saml.answer import Expected, Refused, RefusedThere
from coatcheck.upstream.saml.names import BEARER, ENTITY, PREFIXES, SAML, SAMLP, SUCCESS
from coatcheck.upstream.saml.strict_xml import name_of, one, text_of

SKEW: Final = timedelta(seconds=60)
_MS: Final = millis(SKEW)
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")
_KNOWN: Final = {f"{{{SAML}}}{name}" for name in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction")}


def check_response(response: etree._Element, expected: Expected, *, was_signed: bool) -> None:
    """Check that a Response answers this request, and that where it says from whom and where to, it says it right.

    Args:
        was_signed: whether it comes from what was signed; then it must say both.

    Raises:
        Refused: a check failed.
        RefusedThere: it says that the identity provider signs nobody in.
    """
    _same("Version of the Response", response.get("Version"), "2.0")
    _same("InResponseTo of the Response", response.get("InResponseTo"), expected.request)
    if was_signed or "Destination" in response.attrib:
        _same("Destination", response.get("Destination"), expected.acs)
    if was_signed or response.find("saml:Issuer", PREFIXES) is not None:
        _check_issuer(response, expected)
    code = one(response, "samlp:Status/samlp:StatusCode")
    if code.get("Value") != SUCCESS:
        codes = [str(each.get("Value")) for each in code.iter(f"{{{SAMLP}}}StatusCode")]
        raise RefusedThere(f"Status: {', '.join(codes)!r:.300}")


def check_assertion(assertion: etree._Element, expected: Expected) -> Instant:
    """Check that an assertion is from the one identity provider, for us, for this request and for now.

    Returns:
        Until when it counts.

    Raises:
        Refused: it is not.
    """
    _same("Version of the Assertion", assertion.get("Version"), "2.0")
    _check_issuer(assertion, expected)
    if not assertion.get("ID"):
        raise Refused("ID of the Assertion: there is none")
    if _moment(assertion, "IssueInstant") > expected.now + _MS:
        raise Refused("IssueInstant: it lies ahead")
    until = _check_confirmation(one(assertion, "saml:Subject"), expected)
    return min(until, _check_conditions(one(assertion, "saml:Conditions"), expected)) + _MS


def check_statement(statement: etree._Element, expected: Expected) -> None:
    """Check that the person was asked, not in future, and anew where that was demanded.

    Raises:
        Refused: they were not, or the session there has ended.
    """
    asked = _moment(statement, "AuthnInstant")
    if asked > expected.now + _MS:
        raise Refused("AuthnInstant: it lies ahead")
    if expected.fresh_since is not None and asked < expected.fresh_since - _MS:
        raise Refused(f"AuthnInstant: the person was not asked anew (ForceAuthn), but at {rfc3339(asked)}")
    if "SessionNotOnOrAfter" in statement.attrib and _moment(statement, "SessionNotOnOrAfter") <= expected.now:
        raise Refused("SessionNotOnOrAfter: the session there has ended")


def _check_issuer(element: etree._Element, expected: Expected) -> None:
    issuer = one(element, "saml:Issuer")
    _same(f"Issuer of the {name_of(element)}", text_of(issuer), expected.connection.idp_entity_id)
    _same("Format of the Issuer", issuer.get("Format", ENTITY), ENTITY)


def _check_confirmation(subject: etree._Element, expected: Expected) -> Instant:
    confirmation = one(subject, "saml:SubjectConfirmation")
    _same("Method of the SubjectConfirmation", confirmation.get("Method"), BEARER)
    data = one(confirmation, "saml:SubjectConfirmationData")
    _same("Recipient", data.get("Recipient"), expected.acs)
    _same("InResponseTo of the SubjectConfirmationData", data.get("InResponseTo"), expected.request)
    if "NotBefore" in data.attrib:
        raise Refused("NotBefore of the SubjectConfirmationData: it must not be there")
    return _check_end(data, expected)


def _check_conditions(conditions: etree._Element, expected: Expected) -> Instant:
    if any(each.tag not in _KNOWN for each in conditions):
        raise Refused("Conditions: one that we do not know")
    restrictions = conditions.findall("saml:AudienceRestriction", PREFIXES)
    if not restrictions:
        raise Refused("Audience: none is named")
    for restriction in restrictions:
        named = [text_of(each) for each in restriction.iterfind("saml:Audience", PREFIXES)]
        if expected.entity_id not in named:
            raise Refused(f"Audience: it is for {', '.join(named)!r:.200}, not for {expected.entity_id}")
    if _moment(conditions, "NotBefore") - _MS > expected.now:
        raise Refused(f"NotBefore of the Conditions: it begins at {conditions.get('NotBefore')}")
    return _check_end(conditions, expected)


def _check_end(element: etree._Element, expected: Expected) -> Instant:
    end = _moment(element, "NotOnOrAfter")
    if end + _MS <= expected.now:
        raise Refused(f"NotOnOrAfter of the {name_of(element)}: it ended at {rfc3339(end)}")
    return end


def _moment(element: etree._Element, name: str) -> Instant:
    value = element.get(name, "")
    try:
        if _MOMENT.fullmatch(value):
            return parse_rfc3339(value)
    except ValueError:
        pass
    raise Refused(f"{name} of the {name_of(element)}: {value!r:.60} is no time in UTC")


def _same(what: str, given: str | None, wanted: str) -> None:
    if given != wanted:
        raise Refused(f"{what}: {given!r:.200}, not {wanted}")
