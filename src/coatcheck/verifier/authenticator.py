"""The one question every integration asks: who is this?"""

from typing import Protocol, runtime_checkable

from coatcheck.clock import Instant, SystemClock
from coatcheck.errors import TokenRefused
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


@runtime_checkable
class SyncAuthenticator(Protocol):
    """Check credentials without an event loop, for WSGI apps. `Verifier` does; `Coatcheck` itself needs its loop."""

    def authenticate_sync(self, asked: Asked) -> Principal:
        """Give the principal behind a request's credential.

        Raises:
            NotSignedIn: no credential is presented, or a bad one.
            SessionEnded: the credential's session has ended.
            CrossSiteRefused: a cookie on an unsafe request that another site caused.
        """
        ...


async def ask(authenticator: Authenticator, asked: Asked) -> Principal:
    """Give the principal behind a request, as every integration asks for it.

    Raises:
        TokenRefused: the request has two `Authorization` headers, which two readers would read differently.
        NotSignedIn: no credential is presented, or a bad one.
        CrossSiteRefused: a cookie on an unsafe request that another site caused.
    """
    _refuse_two(asked)
    return await authenticator.authenticate(asked)


def ask_sync(authenticator: SyncAuthenticator, asked: Asked) -> Principal:
    """Give the principal behind a request, in an app without an event loop.

    Raises:
        TokenRefused: the request has two `Authorization` headers, which two readers would read differently.
        NotSignedIn: no credential is presented, or a bad one.
        CrossSiteRefused: a cookie on an unsafe request that another site caused.
    """
    _refuse_two(asked)
    return authenticator.authenticate_sync(asked)


def is_nobody(asked: Asked) -> bool:
    """Tell whether a refused request may go on as nobody's where signing in is optional.

    A cookie that is over leaves nobody. A token was presented on purpose: whoever sent it must learn of its refusal.
    """
    return asked.authorization is None


def _refuse_two(asked: Asked) -> None:
    # Headers of one name reach us joined by a comma, and none of the schemes we take has one within.
    if asked.authorization is not None and "," in asked.authorization:
        raise TokenRefused("two Authorization headers, or a scheme that is not known here")


def now() -> Instant:
    """Give the time by which demands such as `fresh` are judged."""
    return SystemClock().now()
