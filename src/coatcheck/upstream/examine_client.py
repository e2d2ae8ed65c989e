"""What a token endpoint says to an invented code: whether it knows our client, and if not, in words what to change."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from coatcheck.upstream.finding import Finding, fine, note, wrong
from coatcheck.upstream.provider import Provider

_STEP: Final = "client"
_LONGEST: Final = 160
_CODE_REFUSED: Final = frozenset(
    {"invalid_grant", "bad_verification_code", "invalid_code", "code_not_found", "invalid_code_format"}
)
_CLIENT_UNKNOWN: Final[Mapping[str, str]] = {
    "invalid_client": "client_id, client_secret or key are not the ones it gave you; look for a blank that was copied "
    "along, and whether it wants another `client_auth`",
    "incorrect_client_credentials": "client_id or client_secret are not the ones on the OAuth app's page",
    "invalid_client_id": "client_id is not the one it gave you",
    "bad_client_secret": "client_secret is not the one it gave you",
    "unauthorized_client": "this client may not sign people in by codes: look at its type and its grants",
    "redirect_uri_mismatch": "the redirect URI above is not registered, to the letter",
    "unsupported_grant_type": "it does not redeem codes at this address: look at `token`",
}
_OF_MICROSOFT: Final[Mapping[str, str]] = {
    "50011": "the redirect URI above is not registered, to the letter",
    "500113": "no redirect URI is registered at all",
    "7000215": "client_secret is wrong; often its id was copied in place of its value",
    "7000222": "client_secret has run out: make another one",
    "700016": "the app is not in this tenant: look at `tenant` and `client_id`",
    "700027": "the key is not the one whose certificate is registered",
    "50194": "an app for one tenant was asked for by `common`: set `tenant` to your tenant's id",
    "65001": "an administrator has not consented yet",
    "90002": "there is no such tenant: look at `tenant`",
}
_AADSTS: Final = re.compile(r"AADSTS(\d+)")


def judge_answer(provider: Provider, status: int, body: bytes) -> Finding:
    """Judge what a token endpoint answered to an invented code."""
    answer = _members(body)
    said, number = _words(provider, answer), _AADSTS.search(str(answer.get("error_description", "")))
    if number is not None and number[1] in _OF_MICROSOFT:
        return wrong(_STEP, f"AADSTS{number[1]}: {_OF_MICROSOFT[number[1]]}")
    error = answer.get("error")
    code = error if isinstance(error, str) else ""
    if code in _CLIENT_UNKNOWN:
        return wrong(_STEP, f"it answers {code}: {_CLIENT_UNKNOWN[code]}")
    if code in _CODE_REFUSED:
        return fine(_STEP, f"it knows this site: of an invented code it says {code}, and nothing against the client")
    if status in (401, 403):
        return wrong(_STEP, f"it answers {status}: {_CLIENT_UNKNOWN['invalid_client']} ({said})")
    if "authorization code" in said.lower() or "verification code" in said.lower():
        return fine(_STEP, f"it seems to know this site: it complains of the invented code alone ({said})")
    return note(_STEP, f"it answers {status} to an invented code, which does not tell whether it knows us: {said}")


def _members(body: bytes) -> Mapping[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = dict(parse_qsl(body[:10_000].decode("ascii", "replace")))
    return found if isinstance(found, dict) else {}


def _words(provider: Provider, answer: Mapping[str, Any]) -> str:
    """Give its words, short and without our secret: the operator reads them, and nobody else."""
    error = answer.get("error")
    inner = error if isinstance(error, dict) else {}
    told = (error, inner.get("type"), inner.get("message"), answer.get("error_description"), answer.get("message"))
    text = ": ".join(str(each) for each in told if isinstance(each, str | int) and not isinstance(each, bool))
    if provider.client_secret is not None:
        text = text.replace(provider.client_secret.reveal(), "…")
    return text[:_LONGEST] or "no reason that could be read"
