"""A sign-in in progress: who it is for and what has been proven. Never a half-valid credential."""

from typing import ClassVar, Final

from msgspec import Struct, field

from coatcheck.clock import Instant
from coatcheck.login.factors import SECONDS, Factor, Proof
from coatcheck.login.policy import NO_MORE, Wanted
from coatcheck.secret import Secret, Veiled
from coatcheck.sessions.session import Presented, Session
from coatcheck.tokens.proof import KeyProof
from coatcheck.upstream.identity import Identity


class AskedFor(Struct, frozen=True, kw_only=True):
    """Say how the session of a sign-in is asked for.

    Args:
        remember_me: whether it outlives the browser and lasts longer.
        present: by what its holder will present it.
        audience: the one service that its tokens are for, or None for all.
        wanted: how well it must be proven.
        trust_device: whether its browser is to be trusted from now on, where the site allows that.
        jkt: thumbprint of the key that its tokens are bound to, or None.
        proof: what has proven that key, until it is used.
    """

    remember_me: bool = False
    present: Presented = "cookie"
    audience: str | None = None
    wanted: Wanted = NO_MORE
    trust_device: bool = False
    jkt: str | None = None
    proof: KeyProof | None = None


AS_USUAL: Final = AskedFor()
"""A cookie that ends with the browser."""


class SignIn(Veiled, frozen=True, kw_only=True):
    """Hold what a sign-in has come to.

    Args:
        id: `sgn_…`, no secret.
        account: the account, or empty while nobody is found.
        epoch: the account's epoch when its first proof was judged; another epoch voids the sign-in.
        proofs: what has been proven.
        identifier: what was typed as a name.
        session: the session that it raises, or empty where it opens one.
        in_pages: whether it goes on in our pages, where the browser's own cookie continues it.
        options: the factors that may be proven next.
        started: what a factor that was started keeps until its proof: the hash of a code, a challenge.
        tries: wrong answers so far.
        linking: an identity at a provider that is linked to the account once its owner has proven themselves.
        linking_tokens: what came with it, sealed.
        expires_at: when its present step runs out.
    """

    veils: ClassVar = frozenset({"started", "linking_tokens"})

    id: str
    account: str = ""
    epoch: int = 0
    proofs: tuple[Proof, ...] = ()
    identifier: str = ""
    asked_for: AskedFor = AS_USUAL
    session: str = ""
    in_pages: bool = False
    options: tuple[Factor, ...] = ()
    started: dict[Factor, bytes] = field(default_factory=dict)
    tries: int = 0
    expires_at: Instant = 0
    linking: Identity | None = None
    linking_tokens: bytes = b""

    @property
    def may_have_lost_factors(self) -> bool:
        """Whether it stopped at a second factor that its account has, the password being proven."""
        knows = any(each.factor == "password" for each in self.proofs)
        return knows and not self.session and not SECONDS.isdisjoint(self.options)


class Admitted(Struct, frozen=True):
    """Say that a session was opened, or raised, and hold what is sent to its owner.

    Args:
        secret: the session's own, for its cookie.
        refresh_token: where it is presented by tokens.
        audience: whom its tokens are meant for, where that was narrowed.
        trusted_device: where this browser is trusted from now on.
        is_raised: whether the session was there before, and is presented by what it was.
    """

    session: Session
    secret: Secret
    known_device: Secret
    email: str | None
    username: str | None
    refresh_token: Secret | None = None
    audience: str | None = None
    trusted_device: Secret | None = None
    is_raised: bool = False


class MoreNeeded(Struct, frozen=True):
    """Say that more must be proven: the handle, the secret that continues it, and the choices."""

    sign_in: str
    continuation: Secret
    options: tuple[Factor, ...]
    expires_at: Instant
