"""Find out who came back from a provider, whatever the provider speaks."""

from coatcheck.desk import Desk
from coatcheck.upstream.configured import AnyProvider
from coatcheck.upstream.identity import Identity
from coatcheck.upstream.oauth.identify import identify_by_code
from coatcheck.upstream.provider import Provider
from coatcheck.upstream.round_trips import Back
from coatcheck.upstream.saml import identify_by_response
from coatcheck.visit import Visit


async def identify(desk: Desk, visit: Visit, provider: AnyProvider, back: Back) -> Identity:
    """Give who a provider says it is. The trip is spent: whatever goes wrong now, the person starts again.

    Raises:
        UpstreamFailed: the provider refused, is away, or its word failed a check.
    """
    if isinstance(provider, Provider):
        return await identify_by_code(desk, visit, provider, back)
    return await identify_by_response(desk, visit, provider, back)
