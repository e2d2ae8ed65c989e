"""The settings that follow from an advice: what `--write` writes into coatcheck.toml, and `--check` holds it to."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from coatcheck.advisor.advice import Advice
from coatcheck.advisor.advised import Advised, has, is_at_least, is_at_most, is_empty, is_one_of, is_set
from coatcheck.advisor.answers import Answers
from coatcheck.advisor.oddities import LEAST_STALENESS
from coatcheck.advisor.shape import Shape, shape_of
from coatcheck.settings.durations import in_words, parse_duration

SERVICE: Final = "http://localhost:8500"
"""Where a further service is, until somebody says otherwise."""


def advised_settings(advice: Advice) -> tuple[Advised, ...]:
    """Give the settings that an advice asks for, in the order in which they are written."""
    facts, shape = advice.answers, shape_of(advice)
    return (
        *_proof(facts),
        *_sessions(facts, shape),
        *_tokens(facts, shape),
        *_with_others(facts, shape),
        *_around(facts, shape),
    )


def _proof(facts: Answers) -> Iterator[Advised]:
    guarded = facts.security_level != "low"
    if facts.regulation == "phishing_resistant":
        yield Advised(
            "sign_in", "level", '"phr"', "Everybody proves it by what no false site can pass on.",
            is_one_of("phr", "aal3"), "phr or aal3",
        )  # fmt: skip
    elif facts.regulation == "aal2" or facts.security_level == "high":
        why = "It is asked for." if facts.regulation == "aal2" else "There is much to lose."
        yield Advised(
            "sign_in", "level", '"aal2"', f"{why} Two factors for everybody, or a passkey that verified its holder.",
            is_one_of("aal2", "aal3"), "aal2 or aal3",
        )  # fmt: skip
    elif guarded:
        yield Advised(
            "sign_in", "role_levels", '["admin = aal2"]',
            "Administrators need a second factor. Their mailbox is asked for first, so set mail.smtp_url.",
            _role_level, "a line for admin with aal2 or more",
        )  # fmt: skip
        yield Advised(
            "sign_in", "strangers", '"email_code"', "Whoever only knows the password does not come in from elsewhere.",
            is_one_of("email_code"), "email_code",
        )  # fmt: skip
    yield Advised("sign_in", "passkeys", "true", "The one way in that no false site can pass on.", is_set, "on")
    if guarded:
        yield Advised(
            "passwords", "breached_check", "true", "Leaked passwords are tried first; five digits of a hash leave.",
            is_set, "on",
        )  # fmt: skip


def _role_level(found: object) -> bool:
    return any(has(f"admin = {level}")(found) for level in ("aal2", "aal3", "phr"))


def _sessions(facts: Answers, shape: Shape) -> Iterator[Advised]:
    if facts.regulation != "none":
        day = "A session is confirmed once a day, and after an hour without use (NIST SP 800-63B-4 section 2.2.3)."
        for name, most in (("cookie_idle", "1h"), ("remembered_idle", "1h"), ("cookie_lifetime", "24h"),
                           ("remembered_lifetime", "24h")):  # fmt: skip
            yield _at_most("sessions", name, most, day)
        if shape.tokens:
            # A device without the network cannot say that it is used.
            yield _at_most("sessions", "token_idle", "24h" if shape.offline else "1h", day)
            yield _at_most("sessions", "token_lifetime", "24h", day)
        yield _at_most("sign_in", "trust_devices_for", "0m", "Each sign-in takes what is asked for.")
    elif facts.security_level == "high":
        short = "There is much to lose: an open session is worth less the sooner it ends."
        for name, most in (("cookie_idle", "1h"), ("remembered_idle", "24h"), ("cookie_lifetime", "24h"),
                           ("remembered_lifetime", "7d")):  # fmt: skip
            yield _at_most("sessions", name, most, short)
    bound = timedelta(seconds=facts.revocation_bound)
    yield Advised(
        "revocation", "bound", f'"{min(facts.revocation_bound, 1)}s"',
        "Within that time every worker refuses a session that has ended.",
        is_at_most(bound), f"at most {in_words(bound)}",
    )  # fmt: skip


def _at_most(section: str, name: str, most: str, because: str) -> Advised:
    limit = parse_duration(most)
    return Advised(section, name, f'"{most}"', because, is_at_most(limit), f"at most {in_words(limit)}")


def _tokens(facts: Answers, shape: Shape) -> Iterator[Advised]:
    if shape.services and shape.tokens:
        yield Advised(
            "tokens", "audience", f'["{SERVICE}"]', "Each service takes tokens that are meant for it alone.",
            is_set, "the address of each service",
        )  # fmt: skip
    if shape.services:
        yield Advised(
            "keys", "algorithm", "", "A service that checks tokens must not be able to make them.",
            is_one_of("RS256", "ES256", "EdDSA", "PS256"), "RS256, ES256, EdDSA or PS256",
        )  # fmt: skip
    if shape.offline:
        yield Advised(
            "tokens", "offline_scopes", "", "What may be done without the network, and nothing else.",
            lambda _found: True, "few", example='["notes:write"]',
        )  # fmt: skip
    if facts.cross_domain and facts.app_type in ("traditional_web", "spa", "microservices"):
        yield Advised(
            "web", "origins", "", "The other hosts whose pages may call: each to the letter.",
            is_set, "the other hosts", when_live=True, example='["https://app.example.org"]',
        )  # fmt: skip


def _with_others(facts: Answers, shape: Shape) -> Iterator[Advised]:
    if shape.providers:
        yield Advised(
            "providers", "", "", "Who people sign in with; docs/providers.md tells where to register.",
            is_set, "a table for each provider", when_live=True,
            example='[providers.github]\nclient_id = "…"  # its secret: COATCHECK_PROVIDERS__GITHUB__CLIENT_SECRET',
        )  # fmt: skip
    if shape.machines and facts.security_level == "high":
        yield _at_most("clients", "secret_lifetime", "90d", "What a machine proves itself by is changed each quarter.")
    if shape.services and facts.revocation_bound < LEAST_STALENESS:
        yield Advised(
            "gateway", "secret", "",
            f"A service that follows the feed is {LEAST_STALENESS} seconds behind: the gateway asks for each request.",
            is_set, "the gateway in front of the services", when_live=True,
            example='"…"  # openssl rand -base64 32; and hosts, see docs/gateway.md',
        )  # fmt: skip


def _around(facts: Answers, shape: Shape) -> Iterator[Advised]:
    if facts.scalability_needs == "high":
        yield Advised(
            "database", "url", "", "Many machines share one PostgreSQL; a file is for one.",
            lambda found: str(found).startswith("postgresql"), "PostgreSQL", when_live=True,
            example='"postgresql://user:password@host/name"',
        )  # fmt: skip
    if facts.regulation != "none" or facts.security_level == "high":
        yield Advised(
            "audit", "checkpoint_file", '"audit-checkpoints.jsonl"',
            "A copy elsewhere shows what was cut off the audit trail: put it on another machine's disk.",
            is_set, "a file",
        )  # fmt: skip
    if facts.regulation != "none":
        yield Advised(
            "audit", "keep_for", "", "Who is asked for proof is asked for a year of records.",
            is_at_least(timedelta(days=365)), "at least 365 days",
        )  # fmt: skip
    yield Advised(
        "mail", "smtp_url", "", "Recovery and codes go by mail.", is_set, "a mail server", when_live=True,
        example='"smtp://user:password@mail.example.org:587"',
    )  # fmt: skip
    yield Advised("server", "unsafe", "", "Nothing of this advice takes an exception.", is_empty, "none at all")
