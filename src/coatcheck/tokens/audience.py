"""For whom an access token is: all services that are configured, or one of them."""

from coatcheck.errors import BadInput
from coatcheck.settings import TokenSettings


def audience_of(settings: TokenSettings, issuer: str, narrowed: str | None) -> str | tuple[str, ...]:
    """Give the claim `aud`.

    Args:
        narrowed: the one service that was asked for; checked already.

    See: RFC 9068 section 2.2, RFC 8707.
    """
    if narrowed is not None:
        return narrowed
    match settings.audience:
        case ():
            return issuer
        case (only,):
            return only
        case several:
            return several


def check_audience(
    settings: TokenSettings, issuer: str, asked: str | None, *, narrowed: str | None = None
) -> str | None:
    """Give the one service that is asked for.

    Args:
        asked: what the client asks for, or None for all.
        narrowed: what its sign-in was narrowed to; it stays so.

    Raises:
        BadInput: no token is made for that one.
    """
    if asked is None:
        return narrowed
    allowed = (issuer, *settings.audience) if narrowed is None else (narrowed,)
    if asked not in allowed:
        raise BadInput({"audience": "No token is made for this audience."})
    return asked
