"""One trip to a provider and back: begun in a browser, known by its `state`, ended once.

begin:  state drawn, trip kept (10 minutes) → the browser leaves for the provider
park:   its answer is kept beside the trip, never over another → hop to our own site, with a ticket of that answer
end:    same browser as began? as brought the answer? same provider? → both are taken, by one request of many

`state` is 192 random bits and names the trip; what PKCE and the nonce need is derived from it under our key, so that
nothing more is kept. The trip is spent before anything is redeemed: no answer is ever redeemed twice.

Whoever began a trip can have somebody else answer it, by sending them the provider's address. Only the browser that
brought an answer is told its ticket, so nobody gets what another browser brought.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import ClassVar, Final
from urllib.parse import urlencode

import msgspec

from coatcheck.clock import Instant, millis
from coatcheck.desk import Desk
from coatcheck.keys.algorithms import base64url
from coatcheck.secret import Secret, Veiled, hash_secret, new_secret, same
from coatcheck.upstream.trouble import UpstreamFailed
from coatcheck.visit import Visit

LIVES: Final = timedelta(minutes=10)
PARKED_BYTES: Final = 400_000
"""The largest answer that is parked: an encrypted SAML response with many groups."""
_ANSWERS: Final = 4
"""How many answers wait for one trip: browsers ask again, ahead, or twice with another code."""
_COMES_BACK_AT: Final = re.compile(r"/(login/[a-z0-9-]{1,40}/callback|saml/[a-z0-9-]{1,40}/acs)")
_TRIP, _ANSWER = "round_trip", "upstream_answer"


class RoundTrip(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what a trip is for; nothing of it is told to the provider but what the request must carry.

    Args:
        provider: the provider's name in the settings.
        back_at: the path of our own that ends it, such as `/login/github/end`.
        base_url: where the browser was when it began.
        sign_in: the sign-in that it brings further.
        return_to: where the person goes on afterwards.
        challenge: S256 of the verifier by which an app fetches the outcome; empty in our own pages.
        account, epoch, session: whom an identity is linked to, by which session and under which epoch; empty for
            sign-ins.
        wants_fresh: whether the provider is to ask the person anew.
        began_at: when.
    """

    provider: str
    back_at: str
    base_url: str
    began_at: Instant
    sign_in: str = ""
    return_to: str = ""
    challenge: str = ""
    account: str = ""
    epoch: int = 0
    session: str = ""
    wants_fresh: bool = False


class Back(Veiled, frozen=True, kw_only=True):
    """Hold a trip that came back: what it was for, and the provider's answer.

    Args:
        state: its own; PKCE's verifier and the nonce are derived from it.
        answer: the parameters of the answer, each once.
    """

    veils: ClassVar = frozenset({"state", "answer"})

    trip: RoundTrip
    state: Secret
    answer: Mapping[str, str]


class _Kept(msgspec.Struct, frozen=True):
    trip: RoundTrip
    browser: bytes


def is_answer_of_provider(path: str) -> bool:
    """Tell whether a provider's answer comes to this path of ours: all that may come by POST from another site.

    It is only parked, under a `state` that no other site knows, and judged at the next request.
    """
    return _COMES_BACK_AT.fullmatch(path) is not None


async def begin_trip(desk: Desk, visit: Visit, trip: RoundTrip) -> Secret:
    """Keep a trip, for the visiting browser alone, and give its `state`.

    Raises:
        UpstreamFailed: the browser keeps no cookies of ours.
    """
    if not visit.browser:
        raise UpstreamFailed("other_browser", "the browser has no cookie of ours")
    state = new_secret()
    kept = msgspec.json.encode(_Kept(trip, hash_secret(visit.browser)))
    await desk.ephemeral.put(_TRIP, _key(state.reveal()), kept, ttl_ms=millis(LIVES))
    return state


async def park(desk: Desk, provider: str, answer: Mapping[str, str], *, at: str) -> str:
    """Keep what a provider answered until the browser asks from our own site; give the path that goes on with it.

    Anybody may come here with anything: nothing is judged but that a trip waits.

    Args:
        provider: whose callback it came to.
        answer: its parameters, `state` among them, each once.
        at: the base address that the browser came back to.

    Returns:
        Where the trip ends, with its state and the ticket of this answer.

    Raises:
        UpstreamFailed: `trip_unknown`, `other_host`, `other_provider`, or `answer_incomplete` if too many wait.

    See: RFC 6749 section 10.12; RFC 9700 section 4.7.
    """
    state = answer.get("state", "")
    kept = await desk.ephemeral.get(_TRIP, _key(state)) if state else None
    if kept is None:
        raise UpstreamFailed("trip_unknown", "the answer came with no state, or one that is not waited for")
    trip = msgspec.json.decode(kept, type=_Kept).trip
    if trip.provider != provider:
        raise UpstreamFailed("other_provider", f"begun with {trip.provider}, came back to {provider}")
    if trip.base_url != at:
        why = f"the browser's cookie is missing: you started on {trip.base_url} and came back on {at}"
        raise UpstreamFailed("other_host", why)
    body = msgspec.json.encode(dict(answer))
    for place in _places(state):
        stored = await desk.ephemeral.put(_ANSWER, place, body, ttl_ms=millis(LIVES), only_if_absent=True)
        if stored or await desk.ephemeral.get(_ANSWER, place) == body:
            return f"{trip.back_at}?{urlencode({'state': state, 'ticket': _ticket(desk, body)})}"
    raise UpstreamFailed("answer_incomplete", f"{_ANSWERS} other answers wait already")


async def end_trip(desk: Desk, visit: Visit, provider: str, state: str, ticket: str) -> Back:
    """Take a trip and its answer, once, in the browser that began it and brought the answer.

    Another browser spends nothing: its owner may still come.

    Raises:
        UpstreamFailed: `trip_unknown`, `other_browser` or `other_provider`.
    """
    kept = await desk.ephemeral.get(_TRIP, _key(state)) if state else None
    if kept is None:
        raise UpstreamFailed("trip_unknown")
    held = msgspec.json.decode(kept, type=_Kept)
    if not visit.browser or not same(hash_secret(visit.browser), held.browser):
        raise UpstreamFailed(
            "other_browser", "no cookie came" if not visit.browser else "another browser's cookie came"
        )
    if held.trip.provider != provider:
        raise UpstreamFailed("other_provider", f"begun with {held.trip.provider}, ended at {provider}")
    place, answer = await _brought(desk, state, ticket)
    if await desk.ephemeral.take(_TRIP, _key(state)) is None:
        raise UpstreamFailed("trip_unknown", "another request was first")
    await desk.ephemeral.take(_ANSWER, place)
    return Back(trip=held.trip, state=Secret(state), answer=msgspec.json.decode(answer, type=dict[str, str]))


async def _brought(desk: Desk, state: str, ticket: str) -> tuple[str, bytes]:
    for place in _places(state):
        answer = await desk.ephemeral.get(_ANSWER, place)
        if answer is not None and same(_ticket(desk, answer), ticket):
            return place, answer
    if await desk.ephemeral.get(_TRIP, _key(state)) is None:
        raise UpstreamFailed("trip_unknown", "another request was first")
    raise UpstreamFailed("other_browser", "no answer waits that this browser brought")


def pkce_verifier(desk: Desk, state: Secret) -> Secret:
    """Give the code verifier of a trip: 43 characters of 256 bits (RFC 7636 section 4.1)."""
    return Secret(base64url(desk.key_ring.mac("upstream pkce", state.reveal())))


def nonce_of(desk: Desk, state: Secret) -> str:
    """Give the nonce of a trip (OpenID Connect Core section 3.1.2.1)."""
    return base64url(desk.key_ring.mac("upstream nonce", state.reveal()))


def _ticket(desk: Desk, answer: bytes) -> str:
    """Give what only the bringer of an answer is told; the same again, when the same browser brings it again."""
    return base64url(desk.key_ring.mac("upstream answer", answer))


def _places(state: str) -> Iterator[str]:
    """Give where the answers of a trip are kept."""
    return (f"{_key(state)}.{number}" for number in range(_ANSWERS))


def _key(state: str) -> str:
    return hash_secret(state).hex()
