"""Grounds that lie in who calls, and from where: phones, machines, others, several hosts, several services."""

from typing import Final

from coatcheck.advisor.answers import Answers
from coatcheck.advisor.grounds.ground import MUST, OAUTH_PRACTICE, Ground


def _has_phones(facts: Answers) -> bool:
    return facts.mobile_support


def _has_machines(facts: Answers) -> bool:
    return facts.clients_run_by == "machines"


def _has_others(facts: Answers) -> bool:
    return facts.clients_run_by == "others"


def _has_providers(facts: Answers) -> bool:
    return facts.third_party_integration


def _has_hosts(facts: Answers) -> bool:
    return facts.cross_domain


def _is_one_service(facts: Answers) -> bool:
    return facts.services == 1 and facts.has_browser


def _are_some(facts: Answers) -> bool:
    return 2 <= facts.services <= 4


def _are_many(facts: Answers) -> bool:
    return facts.services >= 5


GROUNDS: Final = (
    Ground(
        "an app on phones", "mobile_support", _has_phones, "jwt", MUST,
        "An app on a phone keeps its session by tokens: for weeks, through losses of the network, in the device's key "
        "store.",
        f"RFC 8252; {OAUTH_PRACTICE}.2",
    ),
    Ground(
        "an app on phones", "mobile_support", _has_phones, "session", -1,
        "An app on a phone has no browser that would guard a cookie.",
        "RFC 6265 section 8",
    ),
    Ground(
        "machines call", "clients_run_by", _has_machines, "oauth", MUST,
        "A program without a person proves itself: by a secret, or better by a key of its own.",
        "RFC 6749 section 4.4; RFC 7523",
    ),
    Ground(
        "machines call", "clients_run_by", _has_machines, "session", -3,
        "Nobody is there to sign in, and nothing to hold a cookie.",
        "RFC 6749 section 4.4",
    ),
    Ground(
        "others' programs call", "clients_run_by", _has_others, "oauth", MUST,
        "What others run must never see a password: it gets a right of its own, narrow, and taken back by itself.",
        "RFC 6749 section 1; RFC 9700 section 2.4",
    ),
    Ground(
        "others' programs call", "clients_run_by", _has_others, "session", -2,
        "A cookie cannot be lent: whoever has it is the person, with everything the person may do.",
        "RFC 6749 section 1",
    ),
    Ground(
        "others sign people in, or are acted for at", "third_party_integration", _has_providers, "oauth", MUST,
        "People bring an account that they guard already, a company keeps its own rules, and what is done elsewhere is "
        "done by a token for that.",
        "RFC 9700 section 2.1; OpenID Connect Core; NIST SP 800-63C-4",
    ),
    Ground(
        "others sign people in, or are acted for at", "third_party_integration", _has_providers, "oauth", -1,
        "Whoever runs the provider can sign in as its people, and while it is away they cannot.",
        "NIST SP 800-63C-4",
    ),
    Ground(
        "more than one host", "cross_domain", _has_hosts, "jwt", MUST,
        "A token in a header goes to any host that it is meant for.",
        "RFC 6750 section 2.1; RFC 8707",
    ),
    Ground(
        "more than one host", "cross_domain", _has_hosts, "session", -3,
        "A cookie that is safe serves one host, and browsers keep it from what another site asks for.",
        "RFC 6265bis, the prefix __Host- and SameSite",
    ),
    Ground(
        "one service", "services", _is_one_service, "session", 1,
        "Where one service holds the sessions, there is nobody whom a token would spare a question.",
        "OWASP Session Management Cheat Sheet",
    ),
    Ground(
        "several services", "services", _are_some, "jwt", 7,
        "Each service checks a token by itself, meant for it alone.",
        "RFC 9068 section 4",
    ),
    Ground(
        "several services", "services", _are_some, "session", -1,
        "Each service would have to ask where the sessions are.",
        "RFC 7662",
    ),
    Ground(
        "many services", "services", _are_many, "jwt", MUST,
        "Each service checks a token by itself; a question for each request would make one place the end of all.",
        "RFC 9068 section 4",
    ),
    Ground(
        "many services", "services", _are_many, "session", -2,
        "Each service would have to ask where the sessions are, for every request.",
        "RFC 7662",
    ),
)  # fmt: skip
