"""Every error Coatcheck answers with: one tree, one stable `code` each.

    CoatcheckError
    ├── BadInput               422  the fields, each with a sentence
    │   ├── BadBody            400  not the JSON or form it says it is
    │   ├── BodyTooLarge       413
    │   ├── WrongContentType   415
    │   ├── MalformedRequest   400  not what HTTP allows
    │   └── HeadersTooLarge    431
    ├── NotSignedIn            401
    │   ├── SessionEnded       401  the only code on which a client signs out
    │   ├── TokenRefused       401  get another token, then try again
    │   ├── ApiKeyRefused      401  an API key that does not count
    │   ├── ProofRefused       401  the token may be good: make another proof of its key, then try again
    │   │   └── ProofNonceNeeded 401  with DPoP-Nonce
    │   └── InvalidCredentials 401
    │       ├── InvalidCode    401  a further step was answered wrongly
    │       └── PasskeyUnknown 401  its device may forget it
    ├── NotAllowed             403
    │   ├── CrossSiteRefused   403
    │   └── FreshSignInNeeded  403
    ├── NotFound               404
    ├── MethodNotAllowed       405
    ├── Conflict               409
    │   ├── RefreshSuperseded  409  its successor was used already; nothing has ended
    │   └── LastWayIn          409  nobody could sign in without it
    ├── Gone                   410  a link or sign-in that was used or has run out
    │   ├── SignInGone         410
    │   ├── FormGone           410  what was filled in before a step-up
    │   └── FeedGone           410
    ├── OAuthRefused           400  or 401; OAuth's own calls, under the names of RFC 6749
    ├── UnknownHost            400
    ├── HttpsNeeded            400
    ├── TooManyAttempts        429  with Retry-After
    │   └── ApiKeyOverused     429  an API key was used too often in this minute
    ├── UpstreamFailed         400  a sign-in with a provider came to nothing; the trouble has a name
    ├── TokenTooLarge          500  a person has more roles than fit into a token
    └── Busy                   503  with Retry-After
        ├── DatabaseAway       503
        └── RevocationUnknown  503  a verifier's news are older than its owner allows

`says` is public and constant; `because` is for the operator's log alone and may name facts, never secrets.
Expected outcomes of a sign-in are values (`Admitted | MoreNeeded`), not errors.
"""

from collections.abc import Mapping

from coatcheck.errors.gone import FeedGone, FormGone, Gone, SignInGone
from coatcheck.errors.not_now import (
    ApiKeyOverused,
    Busy,
    DatabaseAway,
    RevocationUnknown,
    TokenTooLarge,
    TooManyAttempts,
)
from coatcheck.errors.not_signed_in import (
    ApiKeyRefused,
    InvalidCode,
    InvalidCredentials,
    NotSignedIn,
    PasskeyUnknown,
    ProofNonceNeeded,
    ProofRefused,
    SessionEnded,
    TokenRefused,
)
from coatcheck.errors.root import CoatcheckError, ConfigurationError
from coatcheck.errors.upstream import Trouble, UpstreamFailed

__all__ = [
    "ApiKeyOverused",
    "ApiKeyRefused",
    "BadBody",
    "BadInput",
    "BodyTooLarge",
    "Busy",
    "CoatcheckError",
    "ConfigurationError",
    "Conflict",
    "CrossSiteRefused",
    "DatabaseAway",
    "FeedGone",
    "FormGone",
    "FreshSignInNeeded",
    "Gone",
    "HeadersTooLarge",
    "HttpsNeeded",
    "InvalidCode",
    "InvalidCredentials",
    "LastWayIn",
    "MalformedRequest",
    "MethodNotAllowed",
    "NotAllowed",
    "NotFound",
    "NotSignedIn",
    "PasskeyUnknown",
    "ProofNonceNeeded",
    "ProofRefused",
    "RefreshSuperseded",
    "RevocationUnknown",
    "SessionEnded",
    "SignInGone",
    "TokenRefused",
    "TokenTooLarge",
    "TooManyAttempts",
    "Trouble",
    "UnknownHost",
    "UpstreamFailed",
    "WrongContentType",
]


class BadInput(CoatcheckError):
    """Say which fields are wrong, each with one public sentence."""

    code = "invalid_input"
    status = 422
    says = "Some of what was sent cannot be used."

    def __init__(self, fields: Mapping[str, str] | None = None, because: str = "") -> None:
        super().__init__(because)
        self.fields = dict(fields or {})


class BadBody(BadInput):
    """Refuse a body that is not well-formed."""

    code = "malformed_body"
    status = 400
    says = "The body is not well-formed."


class BodyTooLarge(BadInput):
    """Refuse a body above the limit."""

    code = "body_too_large"
    status = 413
    says = "The body is larger than this call accepts."


class WrongContentType(BadInput):
    """Refuse a body of another media type."""

    code = "wrong_content_type"
    status = 415
    says = "This call does not accept that content type."


class MalformedRequest(BadInput):
    """Refuse what is no HTTP request."""

    code = "malformed_request"
    status = 400
    says = "The request is not one that HTTP allows."

    def __init__(self, because: str = "") -> None:
        super().__init__(because=because)


class HeadersTooLarge(BadInput):
    """Refuse an address and headers above the limit."""

    code = "headers_too_large"
    status = 431
    says = "The address and headers of the request are larger than this server accepts."


class NotAllowed(CoatcheckError):
    """Refuse what the principal may not do; of what is lacking, the caller is told what is given here.

    Args:
        permission, acr: a permission; a level of assurance.
        max_age: how old the last proof may be at the most, in whole seconds.
    """

    code = "not_allowed"
    status = 403
    says = "You may not do this."

    def __init__(
        self, because: str = "", *, permission: str | None = None, acr: str | None = None, max_age: int | None = None
    ) -> None:
        super().__init__(because)
        self.permission, self.acr, self.max_age = permission, acr, max_age


class CrossSiteRefused(NotAllowed):
    """Refuse an unsafe request that another site caused."""

    code = "cross_site_refused"
    says = "This request came from another site and was refused."


class FreshSignInNeeded(NotAllowed):
    """Ask for a sign-in more recent or better proven than the one there is (RFC 9470)."""

    code = "fresh_sign_in_needed"
    says = "Confirm that it is you first."


class NotFound(CoatcheckError):
    """Say that nothing is there, or nothing that this caller may know of."""

    code = "not_found"
    status = 404
    says = "There is nothing here."


class MethodNotAllowed(CoatcheckError):
    """Refuse a method that this address does not take."""

    code = "method_not_allowed"
    status = 405
    says = "This address does not take that method."


class Conflict(CoatcheckError):
    """Refuse what contradicts what is already there."""

    code = "conflict"
    status = 409
    says = "This contradicts what is already there."


class RefreshSuperseded(Conflict):
    """Say that a refresh token was replaced a moment ago and its successor is in use: go on with that one."""

    code = "refresh_superseded"
    says = "This refresh token was replaced a moment ago. Go on with the newer one."


class LastWayIn(Conflict):
    """Refuse to remove what an account could not be signed in to without."""

    code = "last_way_in"
    says = "This is the only way into your account. Add another one first."


class OAuthRefused(CoatcheckError):
    """Refuse a call of OAuth by the name of an RFC, such as `invalid_scope` (RFC 6749 section 5.2)."""

    code = "oauth_refused"
    status = 400
    says = "This call of OAuth was refused."

    def __init__(self, error: str, because: str = "") -> None:
        super().__init__(because)
        self.error = error


class UnknownHost(CoatcheckError):
    """Refuse a `Host` that is not the one of `server.public_url`."""

    code = "unknown_host"
    status = 400
    says = "This address is not served here."


class HttpsNeeded(CoatcheckError):
    """Refuse plain HTTP from anywhere but this machine."""

    code = "https_needed"
    status = 400
    says = "Use https for this address."
