"""The verifier's room: what a microservice needs to check who calls, without a database or a web framework."""

from coatcheck.errors import CoatcheckError, NotAllowed, NotSignedIn, SessionEnded, TokenRefused
from coatcheck.verifier.authenticator import Authenticator, SyncAuthenticator
from coatcheck.verifier.principal import Principal
from coatcheck.verifier.require import Demand, refusal
from coatcheck.visit import Asked, headers_of

__all__ = [
    "Asked",
    "Authenticator",
    "CoatcheckError",
    "Demand",
    "NotAllowed",
    "NotSignedIn",
    "Principal",
    "SessionEnded",
    "SyncAuthenticator",
    "TokenRefused",
    "headers_of",
    "refusal",
]
