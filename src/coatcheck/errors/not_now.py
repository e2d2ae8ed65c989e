"""Errors that say: not now, or not at all by this server. Nothing is wrong with what was asked."""

from coatcheck.errors.root import CoatcheckError


class TooManyAttempts(CoatcheckError):
    """Refuse for a while.

    Args:
        retry_after: whole seconds until a try is judged again.
        because: which limit, for the log.
    """

    code = "too_many_attempts"
    status = 429
    says = "Too many attempts. Wait a while, then try again."

    def __init__(self, retry_after: int, because: str = "") -> None:
        super().__init__(because)
        self.retry_after = max(1, retry_after)


class ApiKeyOverused(TooManyAttempts):
    """Refuse an API key that was used as often as one may be in a minute."""

    code = "api_key_overused"
    says = "This API key was used too often in a minute. Wait, then go on more slowly."


class TokenTooLarge(CoatcheckError):
    """Say that what an access token has to say does not fit; the log names the claim."""

    code = "token_too_large"
    says = "This account holds more roles or permissions than fit into a token. Tell an administrator."


class Busy(CoatcheckError):
    """Refuse now, as there is more to do than can be done.

    Args:
        retry_after: whole seconds after which to ask again.
        because: what is short, for the log.
    """

    code = "busy"
    status = 503
    says = "Too busy at the moment. Try again shortly."

    def __init__(self, retry_after: int = 1, because: str = "") -> None:
        super().__init__(because)
        self.retry_after = max(1, retry_after)


class DatabaseAway(Busy):
    """Say that the database cannot be reached."""

    code = "unavailable"
    says = "This service is not available at the moment. Try again shortly."


class RevocationUnknown(Busy):
    """Say that a token may be good, but the news of what was revoked are older than the verifier's owner allows.

    It is no 401: a client that got one would throw away a token that is good again in a moment.
    """

    code = "revocation_unknown"
    says = "Whether this token still counts cannot be told at the moment. Try again shortly."
