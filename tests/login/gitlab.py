"""A fake of GitLab, for our own tests: by the book, with ID tokens of two minutes, and refreshing that ends both."""

from collections.abc import Mapping
from typing import ClassVar, Final

from coatcheck.testing.providers.grants import Grant
from coatcheck.testing.providers.openid import FakeOpenIdProvider
from coatcheck.testing.providers.people import Someone
from coatcheck.testing.providers.provider import Handler
from coatcheck.testing.providers.wire import Answer, Received, as_json
from coatcheck.upstream.provider import Endpoints

_DISCOVERY: Final = "/.well-known/openid-configuration"
_LIVES: Final = 120
_ERRORS: Final = {
    "invalid_grant": (
        "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the "
        "authorization request, or was issued to another client.",
        400,
    ),
    "invalid_client": (
        "Client authentication failed due to unknown client, no client authentication included, or unsupported "
        "authentication method.",
        401,
    ),
}


class FakeGitLab(FakeOpenIdProvider):
    """Be GitLab."""

    title = "GitLab"
    key_name = "fake-gitlab"
    code_prefix: ClassVar[str] = "fake"

    @property
    def addresses(self) -> Mapping[str, object]:
        """Where it is and what it is called, as a `Provider` has it."""
        return {"issuer": self.url, "endpoints": Endpoints(discovery=f"{self.url}{_DISCOVERY}")}

    def routes(self) -> Mapping[str, tuple[str, Handler]]:
        """Give what answers, by method and path."""
        return {
            **self.token_routes(_DISCOVERY, "/oauth/discovery/keys", "/oauth/token"),
            "GET /oauth/authorize": ("authorize", self.authorize),
            "POST /oauth/authorize": ("authorize", self.authorize),
            "GET /oauth/userinfo": ("userinfo", self._userinfo),
            "POST /oauth/revoke": ("revoke", self._revoke),
        }

    def discovery(self, asked: Received) -> dict[str, object]:
        """Give the discovery document."""
        del asked
        url = self.url
        return {
            "issuer": url,
            "authorization_endpoint": f"{url}/oauth/authorize",
            "token_endpoint": f"{url}/oauth/token",
            "revocation_endpoint": f"{url}/oauth/revoke",
            "userinfo_endpoint": f"{url}/oauth/userinfo",
            "jwks_uri": f"{url}/oauth/discovery/keys",
            "response_types_supported": ["code"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["plain", "S256"],
        }

    def answer_of(self, grant: Grant, code: str) -> dict[str, str]:
        """Give the code alone."""
        del grant
        return {"code": code}

    def redeem(self, asked: Received) -> Answer:
        """Give tokens for a code, or for a refresh token, which ends with it."""
        if not self.is_our_client(asked):
            return self.token_error("invalid_client")
        if asked.form.get("grant_type") == "refresh_token":
            grant = self.grants.by_refresh(asked.form.get("refresh_token", ""), rotates=True)
            return as_json(self._tokens(grant)) if grant else self.token_error("invalid_grant")
        found = self.grants.redeem(asked.form, self.now())
        return as_json(self._tokens(found)) if isinstance(found, Grant) else self.token_error("invalid_grant")

    def token_error(self, error: str) -> Answer:
        """Say what is wrong, at length."""
        words, status = _ERRORS.get(error, (error, 400))
        return as_json({"error": error, "error_description": words}, status)

    def claims(self, grant: Grant, access: str) -> dict[str, object]:
        """Give what the ID token says."""
        usual = self.usual_claims(grant, access, _LIVES)
        del usual["at_hash"]
        person = grant.person
        own = {"sub": _id(person), "sub_legacy": "fake-legacy", "auth_time": self.now() - 60}
        mailed = {"email": person.email, "email_verified": person.is_proven} if "email" in grant.scopes else {}
        return {"iss": self.url, **own, **mailed, "groups_direct": ["example-group"], **usual}

    def _tokens(self, grant: Grant) -> dict[str, object]:
        access = self.grants.new_access(grant, "fake")
        return {
            "access_token": access,
            "token_type": "bearer",
            "expires_in": 7200,
            "refresh_token": self.grants.new_refresh(grant, "fake"),
            "scope": " ".join(grant.scopes),
            "created_at": self.now(),
            "id_token": self.id_token(grant, access),
        }

    def _userinfo(self, asked: Received) -> Answer:
        grant = self.bearer(asked)
        return self.known_by(asked, _about(grant.person) if grant else {"sub": ""})

    def _revoke(self, asked: Received) -> Answer:
        self.grants.end(asked.form.get("token", ""))
        return as_json({})


def _id(person: Someone) -> str:
    return str(9_000_000 + person.number)


def _about(person: Someone) -> dict[str, object]:
    return {
        "sub": _id(person),
        "sub_legacy": "fake-legacy",
        "name": person.name,
        "nickname": person.handle,
        "preferred_username": person.handle,
        "email": person.email,
        "email_verified": person.is_proven,
        "website": "",
        "profile": f"https://gitlab.com/{person.handle}",
        "groups": ["example-group"],
    }
