"""Leave for a provider: the address that the browser is sent to, whatever the provider speaks."""

from coatcheck.desk import Desk
from coatcheck.secret import Secret
from coatcheck.upstream.configured import AnyProvider
from coatcheck.upstream.provider import Provider
from coatcheck.upstream.round_trips import RoundTrip
from coatcheck.upstream.when_asked import when_asked
from coatcheck.visit import Visit


async def leave(desk: Desk, visit: Visit, provider: AnyProvider, trip: RoundTrip, state: Secret) -> str:
    """Give the address at the provider that begins a trip.

    Raises:
        UpstreamFailed: the provider had to be asked first, and did not answer well.
    """
    if isinstance(provider, Provider):
        address: str = await when_asked("oauth.leave").authorization_address(desk, visit, provider, trip, state)
    else:
        address = when_asked("saml.leave").saml_request_address(desk, visit, provider, trip, state)
    return address
