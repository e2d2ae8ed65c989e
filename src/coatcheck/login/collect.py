"""An app fetches the answer of a sign-in that went through a provider: once, by the verifier that it alone has.

The browser comes back to the app with the sign-in's id and nothing else. What waits here is the provider's word, not a
session: nothing is admitted before the app has shown its verifier.
"""

import hashlib

import msgspec
from msgspec.structs import replace

from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.errors import SignInGone, UpstreamFailed
from coatcheck.keys.algorithms import base64url
from coatcheck.login import transactions
from coatcheck.login.note_failure import note_failure
from coatcheck.login.proof import bind
from coatcheck.login.prove import Step
from coatcheck.login.sign_in import Admitted, MoreNeeded, SignIn
from coatcheck.login.with_provider import go_on_with
from coatcheck.secret import same
from coatcheck.upstream import vault
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.domains.proven import with_proven_domains
from coatcheck.upstream.identity import Identity
from coatcheck.visit import Visit

_KIND = "collect"


class _Left(msgspec.Struct, frozen=True):
    """Hold what a trip brought; it is kept short and shown to nobody."""

    sign_in: SignIn
    identity: Identity
    tokens: bytes
    challenge: str

    def __repr__(self) -> str:
        return f"_Left({self.sign_in.id})"


async def leave_for_app(desk: Desk, step: Step, identity: Identity, challenge: str) -> None:
    """Leave what a trip brought for the app that began it.

    Raises:
        SignInGone: the sign-in ran out, or went on already.
    """
    sign_in = await transactions.resume(desk, step.sign_in, step.continuation)
    tokens = vault.sealed(desk, identity.tokens, place=f"collect:{sign_in.id}")
    left = _Left(replace(sign_in, in_pages=False), replace(identity, tokens=None), tokens, challenge)
    await desk.ephemeral.put(_KIND, sign_in.id, msgspec.json.encode(left), ttl_ms=millis(transactions.LIVES))


async def collect(desk: Desk, visit: Visit, *, sign_in: str, verifier: str) -> Admitted | MoreNeeded:
    """Go on with a sign-in whose trip is over, and answer it; a wrong verifier spends nothing.

    Tokens are bound to the key that this call proves: whoever knows the verifier began the sign-in.

    Args:
        verifier: what the challenge is the S256 of (RFC 7636 section 4.2).

    Raises:
        SignInGone: nothing waits under this id and verifier, or it was fetched already.
        NotFound: the provider is configured no more.
        InvalidCredentials, UpstreamFailed: see `with_provider`.
        BadInput, ProofRefused, ProofNonceNeeded: see `bind`; it can still be fetched.
    """
    kept = await desk.ephemeral.get(_KIND, sign_in)
    shown = base64url(hashlib.sha256(verifier.encode()).digest())
    if kept is None or not same(shown, msgspec.json.decode(kept, type=_Left).challenge):
        raise SignInGone("nothing waits under this id, or the verifier is another")
    left = msgspec.json.decode(kept, type=_Left)
    asked_for = bind(desk, visit, left.sign_in.asked_for)
    if await desk.ephemeral.take(_KIND, sign_in) is None:
        raise SignInGone("it was fetched already")
    # The proof is for the address of this one sign-in, which is fetched once: so it counts once.
    bound = replace(left.sign_in, asked_for=replace(asked_for, proof=None))
    held = await transactions.hold(desk, visit, bound, bound.options)
    tokens = vault.opened(desk, left.tokens, place=f"collect:{sign_in}")
    step = Step(held.sign_in, held.continuation.reveal())
    provider = await with_proven_domains(desk, desk.keep(Providers).get(left.identity.provider))
    try:
        return await go_on_with(desk, visit, step, provider, replace(left.identity, tokens=tokens))
    except UpstreamFailed as failed:
        await note_failure(desk, visit, failed, provider=provider.name)
        raise
