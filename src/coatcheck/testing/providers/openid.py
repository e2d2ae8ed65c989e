"""What the fakes that speak OpenID Connect have in common: discovery, a key set, ID tokens, userinfo."""

from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar

from coatcheck.testing.providers.grants import Grant
from coatcheck.testing.providers.provider import FakeProvider, Handler
from coatcheck.testing.providers.signing import FakeKeys, half_hash
from coatcheck.testing.providers.wire import Answer, Received, as_json


class FakeOpenIdProvider(FakeProvider):
    """Be a provider that signs ID tokens.

    Set `userinfo_subject` to have userinfo speak of somebody else than the ID token does.
    """

    key_name: ClassVar[str]
    userinfo_subject: str = ""

    @cached_property
    def keys(self) -> FakeKeys:
        """What it signs with."""
        return FakeKeys(self.key_name)

    @abstractmethod
    def discovery(self, asked: Received) -> dict[str, object]:
        """Give the discovery document."""

    @abstractmethod
    def claims(self, grant: Grant, access: str) -> dict[str, object]:
        """Give what the ID token says, the person's own claims not put in yet."""

    def id_token(self, grant: Grant, access: str) -> str:
        """Sign the ID token of a grant."""
        claims = self.claims(grant, access)
        nonce = {"nonce": grant.asked["nonce"]} if "nonce" in grant.asked else {}
        return self.keys.sign(grant.person.says({**claims, **nonce}), **self.id_token_header())

    def id_token_header(self) -> dict[str, str]:
        """Give what its header has beside algorithm and key."""
        return {"typ": "JWT"}

    def rotate_keys(self, *, keeps_old: bool = False) -> None:
        """Sign with a new key from now on.

        Args:
            keeps_old: whether the old one stays published, as it does when a rotation is no emergency.
        """
        self.keys.rotate(keeps_old=keeps_old)

    def serve_discovery(self, asked: Received) -> Answer:
        """Answer with the discovery document."""
        return as_json(self.discovery(asked))

    def serve_keys(self, asked: Received) -> Answer:
        """Answer with the key set."""
        del asked
        return as_json(self.keys.jwks())

    def token_routes(self, discovery: str, keys: str, token: str) -> dict[str, tuple[str, Handler]]:
        """Give the routes that every one of them has, at its own paths."""
        return {
            f"GET {discovery}": ("discovery", self.serve_discovery),
            f"GET {keys}": ("keys", self.serve_keys),
            f"POST {token}": ("token", self.token),
        }

    def usual_claims(self, grant: Grant, access: str, lives: int) -> dict[str, object]:
        """Give the claims that the standard asks for.

        Args:
            lives: seconds.
        """
        del grant
        now = self.now()
        return {"aud": self.client_id, "iat": now, "exp": now + lives, "at_hash": half_hash(access)}

    def known_by(self, asked: Received, claims: Mapping[str, object]) -> Answer:
        """Answer at userinfo."""
        if self.bearer(asked) is None:
            return as_json({"error": "invalid_token"}, 401)
        return as_json({**claims, "sub": self.userinfo_subject or claims["sub"]})
