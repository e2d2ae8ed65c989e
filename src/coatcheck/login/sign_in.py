"""A sign-in in progress: who it is for and what has been proven. Never a half-valid credential."""

from dataclasses import dataclass
from typing import Final

from coatcheck.clock import Instant
from coatcheck.login.policy import Factor
from coatcheck.secret import Secret
from coatcheck.sessions.session import Presented, Session


@dataclass(frozen=True, kw_only=True)
class AskedFor:
    """Say how the session of a sign-in is asked for.

    Args:
        remember_me: whether it outlives the browser and lasts longer.
        present: by what its holder will present it.
        audience: the one service that its tokens are for, or None for all.
    """

    remember_me: bool = False
    present: Presented = "cookie"
    audience: str | None = None


AS_USUAL: Final = AskedFor()
"""A cookie that ends with the browser."""


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """Hold what a sign-in has come to.

    Args:
        id: `sgn_…`, no secret.
        account: the account, or empty while nobody is found.
        epoch: the account's epoch when its first proof was judged; another epoch voids the sign-in.
        proofs: the factors proven.
        identifier: what was typed as a name.
    """

    id: str
    account: str = ""
    epoch: int = 0
    proofs: tuple[Factor, ...] = ()
    identifier: str = ""
    asked_for: AskedFor = AS_USUAL


@dataclass(frozen=True)
class Admitted:
    """Say that a session was opened, or raised, and hold what is sent to its owner.

    Args:
        secret: the session's own, for its cookie.
        refresh_token: where it is presented by tokens.
        audience: whom its tokens are meant for, where that was narrowed.
    """

    session: Session
    secret: Secret
    known_device: Secret
    email: str | None
    username: str | None
    refresh_token: Secret | None = None
    audience: str | None = None


@dataclass(frozen=True)
class MoreNeeded:
    """Say that more must be proven: the handle, the secret that continues it, and the choices."""

    sign_in: str
    continuation: Secret
    options: tuple[Factor, ...]
    expires_at: Instant
