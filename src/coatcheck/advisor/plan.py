"""How an advice is followed with Coatcheck: step by step, each with the page that tells more."""

from collections.abc import Iterator

import msgspec

from coatcheck.advisor.advice import Advice
from coatcheck.advisor.answers import Answers
from coatcheck.advisor.oddities import LEAST_STALENESS
from coatcheck.advisor.shape import Shape, shape_of


class Step(msgspec.Struct, frozen=True):
    """Hold one step.

    Args:
        part: the method that it is about; empty where it is about all.
        says: what to do.
        see: the page of the documentation.
    """

    part: str
    says: str
    see: str


def plan_of(advice: Advice) -> tuple[Step, ...]:
    """Give the steps by which an advice is followed, in an order that works."""
    facts, shape = advice.answers, shape_of(advice)
    return (
        *_pages(facts, shape),
        *_tokens(facts, shape),
        *_services(facts, shape),
        *_with_others(shape),
        *_proof(facts),
    )


def _pages(facts: Answers, shape: Shape) -> Iterator[Step]:
    if not shape.pages:
        return
    yield Step(
        "session",
        "Mount Coatcheck under the host of your pages: its sign-in sets a cookie that no script can read, and your "
        "routes ask who it is.",
        "docs/integrations.md",
    )
    if facts.app_type == "spa":
        yield Step(
            "session",
            "Let the app in the browser call its API on the same origin: it keeps nothing.",
            "docs/browser.md",
        )


def _tokens(facts: Answers, shape: Shape) -> Iterator[Step]:
    if not shape.tokens:
        return
    if facts.app_type == "mobile" or facts.mobile_support or facts.app_type == "api":
        yield Step(
            "jwt",
            "Let the app make a key in the device's key store and prove it at the sign-in: its tokens are bound to it.",
            "docs/tokens.md#bound-tokens",
        )
    if facts.app_type == "spa" and not facts.has_browser:
        yield Step("jwt", "Use the browser SDK: it binds tokens to a key that no script can export.", "docs/browser.md")
    if shape.offline:
        yield Step("jwt", "Say in tokens.offline_scopes what may be done without the network.", "docs/offline.md")
    if facts.cross_domain:
        yield Step(
            "jwt",
            "List the other hosts in web.origins, to the letter: no other site's page gets an answer.",
            "docs/settings.md#web",
        )


def _services(facts: Answers, shape: Shape) -> Iterator[Step]:
    if shape.services and facts.revocation_bound < LEAST_STALENESS:
        yield Step(
            "jwt",
            "Put the gateway in front of the services: it asks for each request, so an ended session is refused within "
            "a second.",
            "docs/gateway.md",
        )
    elif shape.services:
        yield Step(
            "jwt",
            "Give each service a Verifier with an audience and credentials of its own: it follows the feed, and "
            "refuses an ended session within ten seconds.",
            "docs/services.md#follow-revocations",
        )
    if shape.services and shape.pages:
        yield Step("jwt", "Let the gateway turn the cookie into a token for each service.", "docs/gateway.md")


def _with_others(shape: Shape) -> Iterator[Step]:
    if shape.machines:
        yield Step(
            "oauth",
            "Register each machine, with a key of its own where it can keep one, and with the least it needs.",
            "docs/services.md",
        )
    if shape.providers:
        yield Step(
            "oauth", "Register the site with each provider, and give each a table in the settings.", "docs/providers.md"
        )
    if shape.others:
        yield Step(
            "oauth",
            "Let others' machines in by client credentials. Their apps for people wait until there is consent.",
            "docs/services.md",
        )


def _proof(facts: Answers) -> Iterator[Step]:
    if facts.regulation == "phishing_resistant":
        yield Step("", "Ask everybody for a passkey or a security key (sign_in.level).", "docs/passkeys.md")
    elif facts.regulation == "aal2" or facts.security_level == "high":
        yield Step("", "Ask everybody for a second factor or a passkey (sign_in.level).", "docs/second-factors.md")
    elif facts.security_level == "medium":
        yield Step(
            "",
            "Ask administrators for a second factor, and strangers' browsers for a mailed code.",
            "docs/second-factors.md",
        )
    else:
        yield Step("", "Offer passkeys; ask for a fresh sign-in where something is hard to undo.", "docs/step-up.md")
