"""Settings of tokens: for whom they are, how long they count, what they say of a person."""

from datetime import timedelta
from typing import Final

from msgspec import Struct

PROFILE: Final = ("email", "username")


class TokenSettings(Struct, frozen=True, kw_only=True):
    """Say what access tokens are like.

    See: RFC 9068 section 2; RFC 8707 (audiences); ASVS 9.2.3.
    """

    audience: tuple[str, ...] = ()
    """For whom access tokens are: the services that check them, each by an address of its own, such as
    `https://notes.example.org`. Unset, they are for this server itself and the app it is mounted in. A client may
    ask for any one of these, or for this server, and gets a token that the others refuse."""

    access_lifetime: timedelta = timedelta(minutes=15)
    """How long an access token counts, at most 15 minutes: only so long must a verifier that was cut off be trusted to
    refuse it. Shorter means more refreshing, and saves nothing where the feed is followed."""

    claims: tuple[str, ...] = ()
    """What else access tokens say of a person: `email`, `username`. Nothing by default, as every service that gets a
    token reads it."""

    offline_scopes: tuple[str, ...] = ()
    """Which permissions an app may let a person use while it cannot ask the server, such as `notes:write`: the browser
    SDK is told those of them that the person holds. None by default, as a role that was taken away is used offline
    until the app hears of it; what was done then, the server judges when it arrives."""

    def __post_init__(self) -> None:
        if not timedelta(seconds=30) <= self.access_lifetime <= timedelta(minutes=15):
            raise ValueError("tokens.access_lifetime must be between 30 seconds and 15 minutes")
        for claim in self.claims:
            if claim not in PROFILE:
                raise ValueError(f"tokens.claims: {claim!r} is none of {', '.join(PROFILE)}")
        for scope in self.offline_scopes:
            resource, _, action = scope.partition(":")
            if not resource or not action:
                raise ValueError(f"tokens.offline_scopes: {scope!r:.80} is no permission, such as 'notes:write'")
        for audience in self.audience:
            if not 0 < len(audience) <= 200 or not audience.isascii() or not audience.isprintable() or " " in audience:
                raise ValueError(f"tokens.audience: {audience!r:.80} must be an address of up to 200 characters")
