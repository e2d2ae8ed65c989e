"""For whom an access token is: all services that are configured, or one of them."""

from coatcheck.errors import BadInput
from coatcheck.settings import TokenSettings


def audience_of(
    settings: TokenSettings, issuer: str, narrowed: str | None, *, in_cookies: bool = False
) -> str | tuple[str, ...]:
    """Give the claim `aud`.

    Args:
        narrowed: the one service that was asked for; checked already.
        in_cookies: whether the token goes into a cookie. That comes to our own host and no other, so it is for us too.

    See: RFC 9068 section 2.2, RFC 8707.
    """
    if narrowed is not None:
        return narrowed
    audience = settings.audience
    if in_cookies or not audience:
        audience = tuple(dict.fromkeys((issuer, *audience)))
    match audience:
        case (only,):
            return only
        case several:
            return several


def check_audience(
    settings: TokenSettings, issuer: str, asked: str | None, *, narrowed: str | None = None, in_cookies: bool = False
) -> str | None:
    """Give the one service that is asked for.

    Args:
        asked: what the client asks for, or None for all.
        narrowed: what its sign-in was narrowed to; it stays so.
        in_cookies: whether the token goes into a cookie; our own gate has to take it then.

    Raises:
        BadInput: no token is made for that one.
    """
    if asked is None:
        return narrowed
    allowed = (issuer,) if in_cookies else (issuer, *settings.audience)
    if asked not in (allowed if narrowed is None else (narrowed,)):
        raise BadInput({"audience": "No token is made for this audience."})
    return asked
