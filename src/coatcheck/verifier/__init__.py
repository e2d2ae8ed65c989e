"""The verifier's room: what a microservice needs to check who calls, without a database or a web framework."""

from typing import TYPE_CHECKING, Any

from coatcheck.clock import Clock, SystemClock
from coatcheck.errors import BadBody, Busy, CoatcheckError, NotAllowed, NotSignedIn, SessionEnded, TokenRefused
from coatcheck.verifier.authenticator import Authenticator, SyncAuthenticator
from coatcheck.verifier.principal import Principal
from coatcheck.verifier.require import Demand, refusal
from coatcheck.visit import Asked, headers_of

if TYPE_CHECKING:
    from coatcheck.verifier.service_tokens import ServiceTokens as ServiceTokens
    from coatcheck.verifier.verifier import Verifier as Verifier

__all__ = [
    "Asked",
    "Authenticator",
    "BadBody",
    "Busy",
    "Clock",
    "CoatcheckError",
    "Demand",
    "NotAllowed",
    "NotSignedIn",
    "Principal",
    "ServiceTokens",
    "SessionEnded",
    "SyncAuthenticator",
    "SystemClock",
    "TokenRefused",
    "Verifier",
    "headers_of",
    "refusal",
]


def __getattr__(name: str) -> Any:
    """Load what asks an issuer when first asked for: its HTTP client takes half a second and 20 MB to import."""
    if name == "Verifier":
        from coatcheck.verifier.verifier import Verifier  # noqa: PLC0415 (see the docstring)

        return Verifier
    if name == "ServiceTokens":
        from coatcheck.verifier.service_tokens import ServiceTokens  # noqa: PLC0415 (see the docstring)

        return ServiceTokens
    raise AttributeError(f"module 'coatcheck.verifier' has no attribute {name!r}")
