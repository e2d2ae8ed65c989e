"""Sign in with a provider: the trip there and back.

start:  limits → sign-in begun → trip kept → the browser leaves
end:    same browser? trip taken → provider asked → `with_provider.py`, or left for the app that began it
"""

from typing import Final

from msgspec import Struct

from coatcheck.audit.blocked import blocks_counted
from coatcheck.desk import Desk
from coatcheck.errors import BadInput, InvalidCredentials, UpstreamFailed
from coatcheck.limits import tries
from coatcheck.limits.address import address_key
from coatcheck.login import transactions
from coatcheck.login.begin import begin_sign_in
from coatcheck.login.collect import leave_for_app
from coatcheck.login.prove import Step
from coatcheck.login.sign_in import AS_USUAL, Admitted, AskedFor, MoreNeeded, SignIn
from coatcheck.login.with_provider import PROVIDER, go_on_with
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.domains.proven import with_proven_domains
from coatcheck.upstream.identify import identify
from coatcheck.upstream.leave import leave
from coatcheck.upstream.round_trips import RoundTrip, begin_trip, end_trip
from coatcheck.visit import Visit

STARTED_PER_HOUR: Final = 600
"""Trips that one address of the network may begin in an hour: each is kept for ten minutes."""


class Returned(Struct, frozen=True):
    """Say how a trip ended: what became of the sign-in, and where the browser goes on.

    Args:
        outcome: what became of the sign-in, or why it waits on; None where an app fetches it itself (`collect.py`).
        sign_in: which it was.
        return_to: where the browser goes on.
    """

    outcome: Admitted | MoreNeeded | InvalidCredentials | None
    sign_in: str
    return_to: str


async def start_provider(
    desk: Desk,
    visit: Visit,
    *,
    provider: str,
    return_to: str = "",
    challenge: str = "",
    asked_for: AskedFor = AS_USUAL,
    sign_in: str = "",
) -> str:
    """Begin a sign-in at a provider, or send one that waits there; give the address to send the browser to.

    Args:
        return_to: where the browser goes on afterwards; the caller has made sure that it is ours or registered.
        challenge: S256 of the verifier by which an app fetches the outcome; empty in our own pages.
        sign_in: the sign-in that waits in this browser's pages, or empty to begin one.

    Raises:
        NotFound: there is no such provider.
        SignInGone: the sign-in ran out.
        BadInput: a provider would bring it no further.
        TooManyAttempts: this address of the network began too many.
        UpstreamFailed: the browser keeps no cookie of ours, or the provider did not answer.

    See: RFC 9700 (OAuth 2.0 Security Best Current Practice); ASVS 10.2.
    """
    chosen = desk.keep(Providers).get(provider)
    async with blocks_counted(desk, visit, "sign_in.blocked", address_key(visit.address)):
        await tries.spend_address(desk, visit, what="start a provider", per_hour=STARTED_PER_HOUR)
    if sign_in:
        waiting = await transactions.look(desk, sign_in, transactions.of_browser(visit, sign_in).reveal())
        if PROVIDER not in waiting.options:
            raise BadInput({"factor": "A provider would bring this sign-in no further."})
    else:
        begun = await begin_sign_in(desk, visit, identifier="", asked_for=asked_for, in_pages=True)
        waiting = SignIn(id=begun.sign_in)
    trip = RoundTrip(
        provider=chosen.name,
        back_at=f"/login/{chosen.name}/end",
        base_url=visit.base_url,
        began_at=desk.now(),
        sign_in=waiting.id,
        return_to=return_to,
        challenge=challenge,
        wants_fresh=bool(waiting.session),
    )
    return await leave(desk, visit, chosen, trip, await begin_trip(desk, visit, trip))


async def end_provider(desk: Desk, visit: Visit, *, provider: str, state: str, ticket: str) -> Returned:
    """End a trip in the browser that began it: its provider is asked who came, and the sign-in goes on.

    Raises:
        NotFound: there is no such provider.
        UpstreamFailed: the trip is another browser's, or is gone, or the provider's word failed a check.
        SignInGone: the sign-in ran out.

    See: RFC 9207, RFC 9700 section 4; OpenID Connect Core section 3.1.2.
    """
    chosen = await with_proven_domains(desk, desk.keep(Providers).get(provider))
    back = await end_trip(desk, visit, provider, state, ticket)
    if not back.trip.sign_in:
        raise UpstreamFailed("trip_unknown", "begun to link, not to sign in")
    identity = await identify(desk, visit, chosen, back)
    trip = back.trip
    step = Step(trip.sign_in, transactions.of_browser(visit, trip.sign_in).reveal())
    if trip.challenge:
        await leave_for_app(desk, step, identity, trip.challenge)
        return Returned(None, trip.sign_in, trip.return_to)
    try:
        outcome: Admitted | MoreNeeded | InvalidCredentials = await go_on_with(desk, visit, step, chosen, identity)
    except InvalidCredentials as refused:
        waiting = await transactions.look(desk, step.sign_in, step.continuation)
        if not (waiting.account or waiting.identifier):
            raise UpstreamFailed("account_refused", refused.because) from None
        outcome = refused  # a value, as the sign-in waits on for another answer
    return Returned(outcome, trip.sign_in, trip.return_to)
