"""Read what a provider's token endpoint and its like answer: a grant or a refusal, in the forms that are met.

A refusal may come with status 200 (GitHub, Slack), without `error` (Twitch), or with one that is an object, a number
or a truth value (Facebook, Reddit, Figma). A grant is an access token and no word of an error.
"""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl, quote, quote_plus

from coatcheck.secret import Veiled
from coatcheck.upstream.calls import Reply
from coatcheck.upstream.oauth.discovery import value_of
from coatcheck.upstream.oauth.scopes import granted_scopes
from coatcheck.upstream.provider import Provider
from coatcheck.upstream.trouble import Trouble, UpstreamFailed

MOST_WORDS: Final = 200
"""How many characters of a provider's words an operator gets to see."""

_FORM: Final = "application/x-www-form-urlencoded"
_LONGEST_LIFE_S: Final = 10 * 365 * 86_400
_AWAY: Final = frozenset({"server_error", "temporarily_unavailable"})
_OUR_FAULT: Final = frozenset(
    {
        "invalid_client",
        "unauthorized_client",
        "incorrect_client_credentials",
        "redirect_uri_mismatch",
        "invalid_client_id",
        "bad_client_secret",
        "unsupported_grant_type",
    }
)


class Grant(Veiled, frozen=True, kw_only=True):
    """Hold what a token endpoint gave.

    Args:
        refresh_token, id_token: None where it gave none.
        scopes: what was granted; what was asked for where the answer is silent.
        lives_s: seconds for which the access token counts; None where it does not say.
        answer: all of it, for providers that say in it who somebody is.
    """

    veils: ClassVar = frozenset({"access_token", "refresh_token", "id_token", "answer"})

    access_token: str
    refresh_token: str | None
    id_token: str | None
    scopes: tuple[str, ...]
    lives_s: int | None
    answer: Mapping[str, Any]


def read_grant(provider: Provider, reply: Reply, hide: Collection[str]) -> Grant:
    """Read the answer of a token endpoint.

    Args:
        hide: what was sent and must not come back in an operator's words.

    Raises:
        UpstreamFailed: it is a refusal, or no grant that can be used.

    See: RFC 6749 sections 5.1 and 5.2.
    """
    answer = accepted(reply, "the token endpoint", hide, trouble="code_refused")
    access = _token(reply, answer, "access_token")
    kind = answer.get("token_type", "bearer")
    if access is None or not isinstance(kind, str) or kind.lower() not in ("bearer", "user"):
        raise UpstreamFailed("provider_answered_badly", f"{reply.host}: the token endpoint: no bearer token")
    return Grant(
        access_token=access,
        refresh_token=_token(reply, answer, "refresh_token"),
        id_token=_token(reply, answer, "id_token"),
        scopes=granted_scopes(provider, answer),
        lives_s=_seconds(answer.get("expires_in")),
        answer=answer,
    )


def accepted(reply: Reply, what: str, hide: Collection[str], *, trouble: Trouble) -> Mapping[str, Any]:
    """Give the members of an answer that is no refusal.

    Args:
        what: was asked, for the operator.
        hide: what was sent and must not come back in the operator's words.
        trouble: what a refusal is called that says nothing about our client.

    Raises:
        UpstreamFailed: it is a refusal, or cannot be read.
    """
    answer = _members(reply, what)
    error = answer.get("error") or ("ok" in answer and answer["ok"] is not True)
    if reply.status in (200, 201) and not error:
        return answer
    code = error if isinstance(error, str) else ""
    where = f"{reply.host}: {what}: answers {reply.status}"
    raise UpstreamFailed(_trouble(code, reply.status, trouble), f"{where}, {words_of(answer, hide)}")


def words_of(answer: Mapping[str, Any], hide: Collection[str] = ()) -> str:
    """Give a provider's own words of an error, for the operator alone: short, on one line, without what we sent."""
    error = answer.get("error")
    inner = error if isinstance(error, dict) else {}
    told = [error, inner.get("type"), inner.get("code"), inner.get("message")]
    told += [answer.get(name) for name in ("error_description", "message", "reason", "error_summary")]
    text = ": ".join(str(each) for each in told if isinstance(each, str | int) and each not in ("", True, False))
    for secret in sorted((each for each in hide if each), key=len, reverse=True):
        for spelling in (secret, quote(secret, safe=""), quote_plus(secret)):
            text = text.replace(spelling, "…")
    return "".join(each if each.isprintable() else " " for each in text)[:MOST_WORDS] or "without a reason"


def _members(reply: Reply, what: str) -> Mapping[str, Any]:
    if reply.kind == _FORM:
        return _of_form(reply, what)
    found = value_of(reply, what)
    if not isinstance(found, dict):
        raise UpstreamFailed("provider_answered_badly", f"{reply.host}: {what}: no JSON object")
    return found


def _of_form(reply: Reply, what: str) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(reply.body.decode("ascii"), strict_parsing=True, errors="strict", max_num_fields=50)
    except ValueError:
        pairs = []
    found = dict(pairs)
    if not pairs or len(found) != len(pairs):
        raise UpstreamFailed("provider_answered_badly", f"{reply.host}: {what}: a form that cannot be read")
    return found


def _trouble(code: str, status: int, otherwise: Trouble) -> Trouble:
    if code in _AWAY:
        return "provider_away"
    return "client_refused" if code in _OUR_FAULT or status == 401 else otherwise


def _token(reply: Reply, answer: Mapping[str, Any], name: str) -> str | None:
    found = answer.get(name)
    if found is None:
        return None
    is_one = isinstance(found, str) and found != "" and found.isascii() and found.isprintable()
    if not is_one or " " in found:
        raise UpstreamFailed("provider_answered_badly", f"{reply.host}: the token endpoint: {name} is no token")
    return str(found)


def _seconds(found: object) -> int | None:
    if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) <= 10:
        found = int(found)
    return found if type(found) is int and 0 < found <= _LONGEST_LIFE_S else None
