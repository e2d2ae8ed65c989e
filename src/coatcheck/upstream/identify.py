"""Find out who came back from a provider, whatever the provider speaks."""

from coatcheck.desk import Desk
from coatcheck.upstream.configured import AnyProvider
from coatcheck.upstream.identity import Identity
from coatcheck.upstream.provider import Provider
from coatcheck.upstream.round_trips import Back
from coatcheck.upstream.when_asked import when_asked
from coatcheck.visit import Visit


async def identify(desk: Desk, visit: Visit, provider: AnyProvider, back: Back) -> Identity:
    """Give who a provider says it is. The trip is spent: whatever goes wrong now, the person starts again.

    Raises:
        UpstreamFailed: the provider refused, is away, or its word failed a check.
    """
    if isinstance(provider, Provider):
        identify_by = when_asked("oauth.identify").identify_by_code
    else:
        identify_by = when_asked("saml.identify").identify_by_response
    identity: Identity = await identify_by(desk, visit, provider, back)
    return identity
