"""Grounds that lie in what is asked of it: size, safety, revocation, regulation, open connections, no network."""

from typing import Final

from coatcheck.advisor.answers import Answers
from coatcheck.advisor.grounds.ground import ASVS, MUST, NIST, OAUTH_PRACTICE, Ground

AT_ONCE: Final = 10
"""Seconds below which a bound takes more than the feed's usual pace."""

NO_HURRY: Final = 900
"""Seconds from which on an access token that merely runs out is soon enough."""


def _is_large(facts: Answers) -> bool:
    return facts.scalability_needs == "high"


def _is_large_with_pages(facts: Answers) -> bool:
    return facts.scalability_needs == "high" and facts.has_browser


def _is_guarded(facts: Answers) -> bool:
    return facts.security_level == "high"


def _is_guarded_with_pages(facts: Answers) -> bool:
    return facts.security_level == "high" and facts.has_browser


def _is_of_value_with_pages(facts: Answers) -> bool:
    return facts.security_level == "medium" and facts.has_browser


def _goes_offline(facts: Answers) -> bool:
    return facts.offline_use


def _has_sockets(facts: Answers) -> bool:
    return facts.real_time_features


def _has_sockets_of_pages(facts: Answers) -> bool:
    return facts.real_time_features and facts.has_browser


def _ends_at_once(facts: Answers) -> bool:
    return facts.revocation_bound < AT_ONCE and facts.has_browser


def _ends_soon(facts: Answers) -> bool:
    return facts.revocation_bound < NO_HURRY


def _may_end_late(facts: Answers) -> bool:
    return facts.revocation_bound >= NO_HURRY


def _is_regulated(facts: Answers) -> bool:
    return facts.regulation != "none"


def _is_regulated_with_pages(facts: Answers) -> bool:
    return facts.regulation != "none" and facts.has_browser


GROUNDS: Final = (
    Ground(
        "many machines", "scalability_needs", _is_large, "jwt", 1,
        "A token is checked from memory, on any machine, without a question.",
        "RFC 9068 section 4",
    ),
    Ground(
        "many machines", "scalability_needs", _is_large_with_pages, "session", 1,
        "A session is, too, once it is known there: each worker keeps what it has checked, and follows the log.",
        ASVS,
    ),
    Ground(
        "much to lose", "security_level", _is_guarded_with_pages, "session", 2,
        "Nothing that counts leaves the server, so nothing has to be called back from anywhere.",
        ASVS,
    ),
    Ground(
        "much to lose", "security_level", _is_guarded, "jwt", 1,
        "A token that is bound to a key is worth nothing to whoever copies it.",
        f"RFC 9449; {OAUTH_PRACTICE}.1",
    ),
    Ground(
        "something to lose", "security_level", _is_of_value_with_pages, "session", 1,
        "Nothing that counts leaves the server, so nothing has to be called back from anywhere.",
        ASVS,
    ),
    Ground(
        "no network", "offline_use", _goes_offline, "jwt", MUST,
        "An app that goes on alone has to know who is signed in, and renew its session when the network is back.",
        f"{OAUTH_PRACTICE}.2; RFC 9449",
    ),
    Ground(
        "no network", "offline_use", _goes_offline, "session", -2,
        "A cookie says nothing to the app that has it: without the server it does not know whose it is.",
        "RFC 6265 section 8",
    ),
    Ground(
        "open connections", "real_time_features", _has_sockets_of_pages, "session", 1,
        "The cookie comes with the handshake, is checked against its origin, and the socket closes with its session.",
        "RFC 6455 section 10.2",
    ),
    Ground(
        "open connections", "real_time_features", _has_sockets, "jwt", -1,
        "A browser cannot send a token with the handshake, and one that runs out leaves the connection open: it takes "
        "a ticket and renewals.",
        "RFC 6455 section 10; RFC 6750 section 5.3",
    ),
    Ground(
        "ended sessions are refused soon", "revocation_bound", _ends_at_once, "session", 2,
        "A session ends where it is kept, for every worker within a second.",
        ASVS,
    ),
    Ground(
        "ended sessions are refused soon", "revocation_bound", _ends_soon, "jwt", -1,
        "A token counts until it runs out, unless each service hears of what has ended: they must follow the feed.",
        "IETF Token Status List; RFC 7009",
    ),
    Ground(
        "ended sessions may linger", "revocation_bound", _may_end_late, "jwt", 1,
        "A token that lives for a quarter of an hour at most ends soon enough by itself.",
        "RFC 6750 section 5.3",
    ),
    Ground(
        "proof that is asked for by law", "regulation", _is_regulated_with_pages, "session", 1,
        "When somebody has to prove it is them again is decided where the session is kept.",
        NIST,
    ),
    Ground(
        "proof that is asked for by law", "regulation", _is_regulated, "jwt", -1,
        "Sessions behind tokens live for days, so that an app need not ask: here for one day at most.",
        "NIST SP 800-63B-4 sections 2.2.3 and 5.2",
    ),
)  # fmt: skip
