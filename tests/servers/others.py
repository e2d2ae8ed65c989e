"""Other people's identity providers as test servers: npm's oidc-provider and oauth2-server, PyPI's oidc-provider-mock.

What they do of the protocol is theirs; tests say who their clients and people are.
"""

import json
import shutil
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import httpx

from tests.servers.programs import NODE_SERVERS, Program
from tests.servers.server import HOST, WebServer

SECRET = "a secret of forty characters, or about so"


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who can sign in at another's server.

    Args:
        password: what the form wants beside the name.
        claims: what is said of them; at the OAuth server, what `/user` answers.
        emails: what `/user/emails` answers.
        amr, acr: how they sign in, as the ID token tells it.
        signed_in_ago: seconds that the sign-in lies back when it is told, as of a provider that lies.
    """

    password: str = "secret"
    claims: Mapping[str, Any] = field(default_factory=dict)
    emails: Sequence[Mapping[str, Any]] = ()
    amr: Sequence[str] = ("pwd",)
    acr: str | None = None
    signed_in_ago: int = 0


class NodeServer(WebServer):
    """A server that is a script of ours around a package of npm's.

    Args:
        program: Node.
        people: who can sign in, by name.
        clients: who may send them here, as the script wants it.
        others: what else the script is told.
    """

    script: ClassVar[str]
    stopped_by = signal.SIGTERM
    killed_by = signal.SIGKILL
    steps_down = False

    def __init__(self, program: Program, *, people: Mapping[str, Person], clients: Any, **others: Any) -> None:
        told = {name: _as_told(person) for name, person in people.items()}
        self._words = {"people": told, "clients": clients, "accessLives": 3600, **others}
        super().__init__(program)

    def prepare(self) -> None:
        """Write down whom it knows."""
        (self.place.path / "words.json").write_text(json.dumps(self._words))
        shutil.copy(Path(__file__).with_name(self.script), self.place.path)

    def command(self) -> list[str]:
        """Return the server's arguments."""
        return [str(self.place.path / self.script), str(NODE_SERVERS), str(self.port), "words.json"]


class OpenIdServer(NodeServer):
    """npm's oidc-provider: PAR, PKCE, `iss` in the answer, `max_age`, rotating refresh tokens, revocation.

    Args:
        program: Node.
        people: who can sign in, by name, which is their `sub`.
        clients: metadata of clients (RFC 7591), as `by_secret` and `by_key` make it.
        demands_par: whether it takes pushed requests alone.
        demands_pkce: whether it takes none without a challenge.
        rotates: whether a refresh token works once.
        claims_in_id_token: whether the ID token has what the scopes are for; by default userinfo alone does.
        access_lives: seconds.
    """

    name = "openid"
    script = "openid.mjs"

    def __init__(
        self,
        program: Program,
        *,
        people: Mapping[str, Person],
        clients: Sequence[Mapping[str, Any]],
        demands_par: bool = False,
        demands_pkce: bool = True,
        rotates: bool = True,
        claims_in_id_token: bool = False,
        access_lives: int = 3600,
    ) -> None:
        super().__init__(
            program,
            people=people,
            clients=clients,
            demandsPar=demands_par,
            demandsPkce=demands_pkce,
            rotates=rotates,
            claimsInIdToken=claims_in_id_token,
            accessLives=access_lives,
        )

    @property
    def discovery(self) -> str:
        """Where it says what it can."""
        return f"{self.url}/.well-known/openid-configuration"


class OAuthServer(NodeServer):
    """npm's oauth2-server under GitHub's paths: codes with PKCE, refresh; no ID token, no discovery, no `iss`.

    Args:
        program: Node.
        people: who can sign in, by name.
        clients: redirect URIs by the client's id; each has `SECRET`.
    """

    name = "oauth"
    script = "oauth.mjs"

    def __init__(self, program: Program, *, people: Mapping[str, Person], clients: Mapping[str, Sequence[str]]) -> None:
        known = {name: {"secret": SECRET, "redirectUris": uris} for name, uris in clients.items()}
        super().__init__(program, people=people, clients=known)


class ForgingServer(WebServer):
    """PyPI's oidc-provider-mock, whose ID tokens say what a test wants, signed by the right key.

    It takes any client, ignores PKCE and sends no `iss`.
    """

    name = "forging"
    stopped_by = signal.SIGTERM
    killed_by = signal.SIGKILL
    steps_down = False

    def prepare(self) -> None:
        """Prepare nothing: it keeps all in memory."""

    def command(self) -> list[str]:
        """Return the server's arguments."""
        return ["-W", "ignore", "-m", "oidc_provider_mock", "--host", HOST, "--port", str(self.port)]

    def say(self, subject: str, **claims: Any) -> None:
        """Have every ID token for somebody say this from now on, in place of what is true.

        Raises:
            httpx.HTTPError: If the server does not take it.
        """
        httpx.put(f"{self.url}/users/{subject}", json=claims).raise_for_status()


def by_secret(client_id: str, *redirect_uris: str, **more: Any) -> dict[str, Any]:
    """Describe a client of the OpenID server that has `SECRET`."""
    return _client(client_id, redirect_uris) | {"client_secret": SECRET} | more


def by_key(client_id: str, jwk: Mapping[str, Any], *redirect_uris: str, **more: Any) -> dict[str, Any]:
    """Describe a client of the OpenID server that signs assertions with a key, of which this is the public part."""
    proven = {
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": jwk["alg"],
        "jwks": {"keys": [dict(jwk)]},
    }
    return _client(client_id, redirect_uris) | proven | more


def _client(client_id: str, redirect_uris: Sequence[str]) -> dict[str, Any]:
    grants = ["authorization_code", "refresh_token"]
    return {"client_id": client_id, "redirect_uris": redirect_uris, "grant_types": grants, "response_types": ["code"]}


def _as_told(person: Person) -> dict[str, Any]:
    return {
        "password": person.password,
        "claims": person.claims,
        "emails": person.emails,
        "amr": person.amr,
        "acr": person.acr,
        "signedInAgo": person.signed_in_ago,
    }
