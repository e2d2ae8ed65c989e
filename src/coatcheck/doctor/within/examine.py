"""Examine a deployment from within: every check of its settings, then every check of its database."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.doctor.finding import NotRun, Outcome
from coatcheck.doctor.principles import EVENTS, INPUTS, LIFETIMES, LIMITS, LOGOUT, MFA, SECRETS
from coatcheck.doctor.report import Report
from coatcheck.doctor.within import (
    certificates,
    events,
    https,
    inputs,
    lifetimes,
    limits,
    logout,
    mfa,
    strong_secrets,
    switched_off,
)
from coatcheck.doctor.within.looked_at import LookedAt
from coatcheck.storage.migrate import State

OfSettings: TypeAlias = Callable[[LookedAt], tuple[Outcome, ...]]
OfDesk: TypeAlias = Callable[[Desk], tuple[Outcome, ...] | Awaitable[tuple[Outcome, ...]]]

SETTINGS_CHECKS: Final[tuple[OfSettings, ...]] = (
    https.check_public_url,
    switched_off.check_unsafe,
    https.check_behind_it,
    https.check_origins,
    limits.check_limits,
    limits.check_proxies,
    strong_secrets.check_files,
    strong_secrets.check_settings_secrets,
    strong_secrets.check_passwords,
    strong_secrets.check_rotation,
    inputs.check_workers,
    inputs.check_developer,
    events.check_mail,
    events.check_kept,
    events.check_disk,
    lifetimes.check_sessions,
    logout.check_bound,
    mfa.check_sign_in,
    mfa.check_admins_level,
)

DESK_CHECKS: Final[tuple[tuple[str, int, OfDesk], ...]] = (
    ("addresses", LIMITS, limits.check_addresses),
    ("master-key", SECRETS, strong_secrets.check_master_key),
    ("signing-keys", SECRETS, strong_secrets.check_signing_keys),
    ("service-secrets", SECRETS, strong_secrets.check_services),
    ("sample-accounts", SECRETS, strong_secrets.check_samples),
    ("saml-certificates", SECRETS, certificates.check_certificates),
    ("connections", INPUTS, inputs.check_connections),
    ("ephemeral-there", INPUTS, inputs.check_ephemeral),
    ("audit-trail", EVENTS, events.check_trail),
    ("outbox", EVENTS, events.check_outbox),
    ("mail-server", EVENTS, events.check_mail_server),
    ("clock", LIFETIMES, lifetimes.check_clock),
    ("feed-readers", LOGOUT, logout.check_readers),
    ("doctor-permits", LOGOUT, logout.check_permits),
    ("admins", MFA, mfa.check_admins),
)
"""Each with what it is called where it cannot run."""


async def examine(looked: LookedAt, state: State, desk: Desk | None, now: Instant) -> Report:
    """Run every check; nothing is changed by it.

    Args:
        looked: the settings and their file.
        state: how the database stands to this Coatcheck.
        desk: opened, or None where the state does not let it be.

    Raises:
        DatabaseAway: the database cannot be reached.
    """
    outcomes = [outcome for check in SETTINGS_CHECKS for outcome in check(looked)]
    outcomes += inputs.check_version(state)
    for code, principle, check in DESK_CHECKS:
        outcomes += (
            [NotRun(code, principle, "the database must fit first")] if desk is None else await _run(check, desk)
        )
    return Report(target=str(looked.config), at=now, outcomes=tuple(outcomes))


async def _run(check: OfDesk, desk: Desk) -> tuple[Outcome, ...]:
    answer = check(desk)
    return await answer if inspect.isawaitable(answer) else answer
