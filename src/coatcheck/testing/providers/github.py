"""A fake of GitHub: OAuth 2.0 without OpenID, and what is odd about it.

Token errors come with status 200, in a form for whoever does not ask for JSON; scopes are joined by commas; the address
is in a list of its own, and hidden in the profile; calls without `User-Agent` are refused.
"""

from collections.abc import Mapping
from typing import ClassVar, Final, Literal
from urllib.parse import urlencode

import msgspec

from coatcheck.testing.providers.grants import Grant, Wrong
from coatcheck.testing.providers.people import Someone
from coatcheck.testing.providers.provider import FakeProvider, Handler
from coatcheck.testing.providers.wire import Answer, Received, as_form, as_json, as_redirect
from coatcheck.upstream.provider import Endpoints

_TROUBLES: Final = "/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/#"
_DOCS: Final = "https://docs.github.com/rest"
_ERRORS: Final = {
    "access_denied": "The user has denied your application access.",
    "bad_verification_code": "The code passed is incorrect or expired.",
    "incorrect_client_credentials": "The client_id and/or client_secret passed are incorrect.",
    "redirect_uri_mismatch": "The redirect_uri MUST match the registered callback URL for this application.",
    "unverified_user_email": "The user must have a verified primary email.",
    "bad_refresh_token": "The refresh token passed is incorrect or expired.",
}
_OF_CODES: Final[Mapping[Wrong, str]] = {"redirect_uri": "redirect_uri_mismatch"}


class FakeGitHub(FakeProvider):
    """Be GitHub.

    Set `iss` to have its answers name an issuer, or a wrong one: it has sent it and taken it back. Set `is_app` to have
    it give tokens that expire and are refreshed, as for a GitHub App.

    Example:
        async with FakeGitHub() as github:
            provider = msgspec.structs.replace(provider, **github.entry_overrides)
    """

    title = "GitHub"
    iss: Literal["absent", "present", "wrong"] = "absent"
    is_app = False
    code_prefix: ClassVar[str] = "9c41"

    @property
    def addresses(self) -> Mapping[str, object]:
        """Where it is and what it is called, as a `Provider` has it."""
        url = self.url
        endpoints = Endpoints(
            authorization=f"{url}/login/oauth/authorize",
            token=f"{url}/login/oauth/access_token",
            userinfo=f"{url}/user",
            emails=f"{url}/user/emails",
            grants=f"{url}/applications/{self.client_id}/grant",
        )
        return {"issuer": url, "answer_issuer": f"{url}/login/oauth", "endpoints": endpoints}

    def routes(self) -> Mapping[str, tuple[str, Handler]]:
        """Give what answers, by method and path."""
        return {
            "GET /login/oauth/authorize": ("authorize", self.authorize),
            "POST /login/oauth/authorize": ("authorize", self.authorize),
            "POST /login/oauth/access_token": ("token", self._spoken_token),
            "GET /user": ("userinfo", lambda asked: self._api(asked, self._user)),
            "GET /user/emails": ("emails", lambda asked: self._api(asked, self._emails)),
            f"DELETE /applications/{self.client_id}/grant": ("revoke", self._revoke),
        }

    def answer_of(self, grant: Grant, code: str) -> dict[str, str]:
        """Give the code, and the issuer if it is to be named."""
        del grant
        issuer = {"absent": "", "present": f"{self.url}/login/oauth", "wrong": "https://evil.example/login/oauth"}[
            self.iss
        ]
        return {"code": code} | ({"iss": issuer} if issuer else {})

    def error_of(self, error: str) -> dict[str, str]:
        """Give an error with its words and the page that explains it."""
        return {
            "error": error,
            "error_description": _ERRORS.get(error, error),
            "error_uri": f"https://docs.github.com{_TROUBLES}{error.replace('_', '-')}",
        }

    def other_address(self, asked: Received) -> Answer:
        """Send the error to the address that is registered, as GitHub does."""
        state = {"state": asked.query["state"]} if "state" in asked.query else {}
        told = self.error_of("redirect_uri_mismatch") | state
        return (
            as_redirect(f"{self.redirect_uris[0]}?{urlencode(told)}")
            if self.redirect_uris
            else super().other_address(asked)
        )

    def redeem(self, asked: Received) -> Answer:
        """Give an access token for a code, or for a refresh token."""
        if not self.is_our_client(asked):
            return self.token_error("incorrect_client_credentials")
        if asked.form.get("grant_type") == "refresh_token":
            grant = self.grants.by_refresh(asked.form.get("refresh_token", ""), rotates=True)
            return as_json(self._tokens(grant)) if grant else self.token_error("bad_refresh_token")
        found = self.grants.redeem(asked.form, self.now())
        if not isinstance(found, Grant):
            return self.token_error(_OF_CODES.get(found, "bad_verification_code"))
        return as_json(self._tokens(found))

    def token_error(self, error: str) -> Answer:
        """Say what is wrong, with status 200."""
        told = {
            "error": error,
            "error_description": _ERRORS.get(error, error),
            "error_uri": f"{_TROUBLES}{error.replace('_', '-')}",
        }
        return as_json(told)

    def _tokens(self, grant: Grant) -> dict[str, object]:
        if not self.is_app:
            token = self.grants.new_access(grant, "gho_")
            return {"access_token": token, "scope": ",".join(grant.scopes), "token_type": "bearer"}
        return {
            "access_token": self.grants.new_access(grant, "ghu_"),
            "expires_in": 28800,
            "refresh_token": self.grants.new_refresh(grant, "ghr_"),
            "refresh_token_expires_in": 15811200,
            "scope": "",
            "token_type": "bearer",
        }

    def _spoken_token(self, asked: Received) -> Answer:
        answer = self.token(asked)
        if "application/json" in asked.headers.get("accept", ""):
            return answer
        return as_form({name: str(it) for name, it in msgspec.json.decode(answer.body, type=dict[str, object]).items()})

    def _api(self, asked: Received, answer: Handler) -> Answer:
        if not asked.headers.get("user-agent"):
            return Answer(403, b"Request forbidden by administrative rules.", "text/plain; charset=utf-8")
        if self.bearer(asked) is None:
            return _problem("Bad credentials", 401)
        return answer(asked)

    def _user(self, asked: Received) -> Answer:
        grant = self._granted(asked)
        person = grant.person
        return as_json(person.says(_profile(person)), headers={"X-OAuth-Scopes": ", ".join(grant.scopes)})

    def _emails(self, asked: Received) -> Answer:
        grant = self._granted(asked)
        if not self.is_app and not {"user:email", "user"} & set(grant.scopes):
            return _problem("Not Found", 404)
        return as_json(_addresses(grant.person))

    def _granted(self, asked: Received) -> Grant:
        grant = self.bearer(asked)
        if grant is None:
            raise LookupError("asked without a token")
        return grant

    def _revoke(self, asked: Received) -> Answer:
        if not self.is_our_client(asked):
            return _problem("Bad credentials", 401)
        try:
            token = msgspec.json.decode(asked.body, type=dict[str, str])["access_token"]
        except (msgspec.DecodeError, KeyError):
            return _problem("Validation Failed", 422)
        return Answer(204) if self.grants.end(token) else _problem("Not Found", 404)


def _problem(message: str, status: int) -> Answer:
    return as_json({"message": message, "documentation_url": _DOCS, "status": str(status)}, status)


def _id(person: Someone) -> int:
    return 9_000_000 + person.number


def _login(person: Someone) -> str:
    return person.name.replace(" ", "").lower() or person.handle


def _profile(person: Someone) -> dict[str, object]:
    login = _login(person)
    return {
        "login": login,
        "id": _id(person),
        "node_id": f"U_fake{person.number:06d}",
        "avatar_url": f"https://avatars.example/u/{_id(person)}?v=4",
        "html_url": f"https://github.com/{login}",
        "type": "User",
        "name": person.name or None,
        "company": None,
        "email": None if person.hides_email else person.email,
        "created_at": "2020-02-03T04:05:06Z",
        "updated_at": "2026-11-01T00:00:00Z",
    }


def _addresses(person: Someone) -> list[dict[str, object]]:
    found = [_address(email, is_proven=proven) for email, proven in person.more_emails]
    visibility = "private" if person.hides_email or not person.is_proven else "public"
    found.append(_address(person.email, is_proven=person.is_proven, is_primary=True, visibility=visibility))
    if person.hides_email:
        found.append(_address(f"{_id(person)}+{_login(person)}@users.noreply.github.com", is_proven=True))
    return found


def _address(
    email: str, *, is_proven: bool, is_primary: bool = False, visibility: str | None = None
) -> dict[str, object]:
    return {"email": email, "primary": is_primary, "verified": is_proven, "visibility": visibility}
