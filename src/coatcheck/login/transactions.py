"""Keep sign-ins that need more between their steps; only the holder of the continuation can go on with one."""

from datetime import timedelta

import msgspec

from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.errors import SignInGone
from coatcheck.login.policy import Factor
from coatcheck.login.sign_in import MoreNeeded, SignIn
from coatcheck.secret import hash_secret, new_secret

LIVES = timedelta(minutes=10)
_KIND = "sign_in"


async def hold(desk: Desk, sign_in: SignIn, options: tuple[Factor, ...]) -> MoreNeeded:
    """Keep a sign-in for its next step, under a new continuation."""
    continuation = new_secret()
    ttl = millis(LIVES)
    await desk.ephemeral.put(_KIND, continuation.hashed().hex(), msgspec.json.encode(sign_in), ttl_ms=ttl)
    return MoreNeeded(sign_in.id, continuation, options, desk.now() + ttl)


async def resume(desk: Desk, sign_in_id: str, continuation: str) -> SignIn:
    """Take up a sign-in; its continuation is spent by this, and each step gives a new one.

    Raises:
        SignInGone: it ran out, went on already, or is another's.
    """
    kept = await desk.ephemeral.take(_KIND, hash_secret(continuation).hex())
    if kept is None:
        raise SignInGone("no sign-in waits under this continuation")
    sign_in = msgspec.json.decode(kept, type=SignIn)
    if sign_in.id != sign_in_id:
        raise SignInGone("the continuation belongs to another sign-in")
    return sign_in
