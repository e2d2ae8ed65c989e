"""Link a provider to one's account: asked for by the signed-in person, who comes back with the provider's word.

start: trip kept, for this session and this state of the account → the browser leaves
end:   same browser, same session? → provider asked → lock the account, compare its epoch → link → audit, notice
"""

from coatcheck.accounts import records as accounts
from coatcheck.desk import Desk
from coatcheck.errors import Conflict, SessionEnded
from coatcheck.login.link import link, record_linked
from coatcheck.upstream import records
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.domains.proven import with_proven_domains
from coatcheck.upstream.identify import identify
from coatcheck.upstream.leave import leave
from coatcheck.upstream.round_trips import RoundTrip, begin_trip, end_trip
from coatcheck.upstream.trouble import UpstreamFailed
from coatcheck.verifier import Principal
from coatcheck.visit import Visit
from coatcheck.ways_in.own_account import hold_own_account


async def start_linking(desk: Desk, visit: Visit, principal: Principal, *, provider: str) -> str:
    """Begin to link a provider; give the address to send the browser to.

    Raises:
        NotFound: there is no such provider.
        SessionEnded: the account is gone.
        UpstreamFailed: the provider did not answer.
    """
    chosen = desk.keep(Providers).get(provider)
    async with desk.database.reading() as db:
        account = await accounts.find(db, principal.subject)
    if account is None:
        raise SessionEnded("the account is gone")
    trip = RoundTrip(
        provider=chosen.name,
        back_at=f"/account/ways-in/providers/{chosen.name}/end",
        base_url=visit.base_url,
        began_at=desk.now(),
        account=account.id,
        epoch=account.epoch,
        session=principal.session or "",
    )
    return await leave(desk, visit, chosen, trip, await begin_trip(desk, visit, trip))


async def end_linking(
    desk: Desk, visit: Visit, principal: Principal, *, provider: str, state: str, ticket: str
) -> None:
    """Link the identity that the person came back with, whatever its address; what was pending for the account is void.

    Raises:
        NotFound: there is no such provider.
        UpstreamFailed: the trip is another's or gone, or the provider's word failed a check.
        Conflict: the identity is linked already, or the account changed meanwhile.
        SessionEnded: the session or the account is gone.

    See: ASVS 6.3.7 (notices); attack 67 in docs/security/attacks.md.
    """
    chosen = await with_proven_domains(desk, desk.keep(Providers).get(provider))
    back = await end_trip(desk, visit, provider, state, ticket)
    if (back.trip.account, back.trip.session) != (principal.subject, principal.session):
        raise UpstreamFailed("trip_unknown", "begun by another account or session, or to sign in")
    identity = await identify(desk, visit, chosen, back)
    try:
        async with desk.database.writing() as tx:
            account = await hold_own_account(tx, principal, epoch=back.trip.epoch)
            await accounts.raise_epoch(tx, account.id)
            linked = await link(tx, desk, account, identity)
            await record_linked(tx, desk, visit, account, linked)
    except records.Taken:
        raise Conflict("the identity is linked already, to this account or another") from None
