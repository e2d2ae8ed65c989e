"""The one question every integration asks: who is this?"""

from typing import Protocol, runtime_checkable

from coatcheck.clock import Instant, SystemClock
from coatcheck.verifier.principal import Principal
from coatcheck.visit import Asked


@runtime_checkable
class Authenticator(Protocol):
    """Check credentials. `Coatcheck` and `Verifier` both do; integrations take anything that does."""

    async def authenticate(self, asked: Asked) -> Principal:
        """Give the principal behind a request's credential.

        Raises:
            NotSignedIn: no credential is presented, or a bad one.
            SessionEnded: the credential's session has ended.
            CrossSiteRefused: a cookie on an unsafe request that another site caused.
        """
        ...


def now() -> Instant:
    """Give the time by which demands such as `fresh` are judged."""
    return SystemClock().now()
