"""What the owner of a `Verifier` chose, checked when it is made."""

from datetime import timedelta
from typing import Final, Literal, NoReturn

from coatcheck import unsafe
from coatcheck.errors import ConfigurationError, TokenRefused
from coatcheck.verifier.metadata import is_safe
from coatcheck.verifier.principal import Principal
from coatcheck.verifier.service_tokens import Credentials
from coatcheck.verifier.target_uri import origin_of

ALGORITHMS: Final = ("RS256", "ES256", "EdDSA", "PS256")
SHORTEST_STALENESS: Final = timedelta(seconds=7)
"""The issuer holds its answer back for three seconds, so news may be six seconds old and a little while all is well."""


def check_choices(
    revocation: Literal["feed", "stream"] | unsafe.Unsafe,
    when_stale: Literal["reject", "introspect"] | unsafe.Unsafe,
    max_staleness: timedelta,
    algorithms: tuple[str, ...],
    credentials: Credentials | None,
) -> None:
    """Refuse what could not work or would not be safe.

    Raises:
        ValueError: the message names the argument and the fix.
    """
    if revocation not in ("feed", "stream") and revocation is not unsafe.NO_REVOCATION:
        raise ValueError("revocation: 'feed', 'stream' or coatcheck.unsafe.NO_REVOCATION")
    if when_stale not in ("reject", "introspect") and when_stale is not unsafe.ACCEPT_STALE:
        raise ValueError("when_stale: 'reject', 'introspect' or coatcheck.unsafe.ACCEPT_STALE")
    if max_staleness < SHORTEST_STALENESS:
        raise ValueError("max_staleness: 7 seconds at least, as the issuer answers every three")
    if not algorithms or not set(algorithms) <= set(ALGORITHMS):
        raise ValueError(f"algorithms: some of {', '.join(ALGORITHMS)}")
    if credentials is None and (revocation is not unsafe.NO_REVOCATION or when_stale == "introspect"):
        raise ValueError(
            "credentials: id and secret of this service (`coatcheck service create`) to follow revocations"
        )


def own_origins(origins: tuple[str, ...], audience: str) -> tuple[str, ...]:
    """Give where clients reach this service; where that is not said, its audience tells, if that is an address.

    Raises:
        ValueError: one of them is no origin, or others could read what is sent there.
    """
    for each in origins:
        if origin_of(each) != each.lower().removesuffix("/") or not is_safe(each):
            raise ValueError(f"origins: {each!r} must read like https://notes.example.org (http only on this machine)")
    told = origins or ((audience,) if is_safe(audience) else ())
    return tuple(origin for each in told if (origin := origin_of(each)) is not None)


def refuse_without_origin(principal: Principal) -> NoReturn:
    """Refuse a token that is good but for its proof, where nobody said at which addresses proofs would count.

    Raises:
        TokenRefused: it is bound to no key, so that no proof belongs to it.
        ConfigurationError: it is; the message names the fix.
    """
    if principal.cnf is None:
        raise TokenRefused("a proof came, and the token is bound to no key")
    raise ConfigurationError(
        "a token bound to a key came, and this Verifier does not know where it is reached: give it "
        'origins=("https://notes.example.org",)'
    )
