"""Keep sign-ins that need more between their steps; only the holder of the continuation can go on with one.

The continuation is a secret that the client is given; on our pages it is made of the browser's own cookie and the
sign-in's id, so that a page carries only the id, and no other browser can go on.
"""

from datetime import timedelta

import msgspec
from msgspec.structs import replace

from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.errors import SignInGone
from coatcheck.login.factors import Factor
from coatcheck.login.sign_in import MoreNeeded, SignIn
from coatcheck.secret import Secret, hash_secret, new_secret
from coatcheck.visit import Visit

LIVES = timedelta(minutes=10)
TRIES = 5
_KIND = "sign_in"


def of_browser(visit: Visit, sign_in_id: str) -> Secret:
    """Give the continuation of a sign-in that goes on in the pages of the visiting browser."""
    return Secret(f"{sign_in_id}.{visit.browser}")


async def hold(desk: Desk, visit: Visit, sign_in: SignIn, options: tuple[Factor, ...]) -> MoreNeeded:
    """Keep a sign-in for its next step, under a new continuation, or that of the browser whose pages it goes on in."""
    continuation = of_browser(visit, sign_in.id) if sign_in.in_pages else new_secret()
    ttl = millis(LIVES)
    step = replace(sign_in, options=options, started={}, tries=0, expires_at=desk.now() + ttl)
    await desk.ephemeral.put(_KIND, _key(continuation.reveal()), msgspec.json.encode(step), ttl_ms=ttl)
    return MoreNeeded(sign_in.id, continuation, options, step.expires_at)


async def resume(desk: Desk, sign_in_id: str, continuation: str) -> SignIn:
    """Take up a sign-in; its continuation is spent by this: of many at once one gets it.

    Raises:
        SignInGone: it ran out, went on already, or is another's.
    """
    kept = await desk.ephemeral.take(_KIND, _key(continuation))
    if kept is None:
        raise SignInGone("no sign-in waits under this continuation")
    sign_in = msgspec.json.decode(kept, type=SignIn)
    if sign_in.id != sign_in_id:
        raise SignInGone("the continuation belongs to another sign-in")
    return sign_in


async def look(desk: Desk, sign_in_id: str, continuation: str) -> SignIn:
    """Give a sign-in without taking it up, to show what it needs.

    Raises:
        SignInGone: it ran out, went on already, or is another's.
    """
    kept = await desk.ephemeral.get(_KIND, _key(continuation))
    sign_in = msgspec.json.decode(kept, type=SignIn) if kept is not None else None
    if sign_in is None or sign_in.id != sign_in_id:
        raise SignInGone("no sign-in waits under this continuation")
    return sign_in


async def put_back(desk: Desk, sign_in: SignIn, continuation: str) -> None:
    """Keep a sign-in at the step it is at, for as long as that step had left, under the same continuation."""
    ttl = sign_in.expires_at - desk.now()
    if ttl > 0:
        await desk.ephemeral.put(_KIND, _key(continuation), msgspec.json.encode(sign_in), ttl_ms=ttl)


async def put_back_wrong(desk: Desk, sign_in: SignIn, continuation: str) -> int:
    """Keep a sign-in after a wrong answer, and give how many it may still take; after the last it is gone."""
    tried = replace(sign_in, tries=sign_in.tries + 1)
    left = TRIES - tried.tries
    if left > 0:
        await put_back(desk, tried, continuation)
    return left


def _key(continuation: str) -> str:
    return hash_secret(continuation).hex()
