"""What is odd about some answers, what would make things simpler, and what Coatcheck cannot do for them yet."""

from collections.abc import Iterator
from typing import Final

from coatcheck.advisor.answers import Answers

LEAST_STALENESS: Final = 7
"""Seconds: no service that follows the feed can promise less."""


def oddities(answers: Answers) -> Iterator[str]:
    """Give what somebody who knows the field would say about these answers, sentence by sentence."""
    needs_tokens = answers.mobile_support or answers.offline_use
    if answers.app_type in ("traditional_web", "spa") and answers.cross_domain and not needs_tokens:
        yield (
            "If a reverse proxy can put all of it on one host, answer cross_domain with no: a cookie then does what "
            "takes tokens now, and is simpler and safer."
        )
    if answers.app_type == "microservices" and answers.services == 1:
        yield "Microservices and one service contradict each other: with one, the answer is api or traditional_web."
    if answers.clients_run_by == "others":
        yield (
            "Others' apps that act for people ask for their consent (authorization code with PKCE). Coatcheck does not "
            "serve /oauth/authorize yet. Others' machines are let in today, by client credentials."
        )
    yield from _about_time(answers)


def _about_time(answers: Answers) -> Iterator[str]:
    if answers.revocation_bound < LEAST_STALENESS and answers.services > 1:
        yield (
            f"Services that follow the feed refuse an ended session within {LEAST_STALENESS} seconds, not within "
            f"{answers.revocation_bound}: let the gateway ask for each request (docs/gateway.md)."
        )
    if answers.offline_use and answers.regulation != "none":
        yield (
            "Two factors once a day, and days without the network, contradict each other: the app goes on alone for a "
            "day at most."
        )
    if answers.offline_use:
        yield (
            "A device without the network cannot hear that its session has ended. What it keeps can be read by whoever "
            "opens it; the server takes nothing from it any more."
        )
    if answers.security_level == "high" and answers.regulation == "none":
        yield "No law asks for it, and with so much to lose two factors are set all the same (aal2)."
