"""The verifier's room: what a microservice needs to check who calls, without a database or a web framework."""

from coatcheck.clock import Clock, SystemClock
from coatcheck.errors import BadBody, Busy, CoatcheckError, NotAllowed, NotSignedIn, SessionEnded, TokenRefused
from coatcheck.verifier.authenticator import Authenticator, SyncAuthenticator
from coatcheck.verifier.principal import Principal
from coatcheck.verifier.require import Demand, refusal
from coatcheck.visit import Asked, headers_of

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
    "SessionEnded",
    "SyncAuthenticator",
    "SystemClock",
    "TokenRefused",
    "headers_of",
    "refusal",
]
