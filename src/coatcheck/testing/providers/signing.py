"""What the fakes sign ID tokens with: real keys, published as a key set, which can be changed while a test runs."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from coatcheck.keys.algorithms import ALGORITHMS, Signer, base64url


class FakeKeys:
    """Sign with one key of several, and publish those that are valid.

    Args:
        name: what key ids begin with.
        algorithm: as it stands in `alg`.
    """

    def __init__(self, name: str, algorithm: str = "RS256") -> None:
        self.name = name
        self.algorithm = algorithm
        self.number = 1
        self.published = [1]
        """The numbers of the keys that are published."""

    @property
    def kid(self) -> str:
        """The id of the key that signs now."""
        return self._kid(self.number)

    def rotate(self, *, keeps_old: bool) -> None:
        """Sign with a new key from now on.

        Args:
            keeps_old: whether the keys there were stay published.
        """
        self.number += 1
        self.published = [*(self.published if keeps_old else ()), self.number]

    def jwks(self, **members: str) -> dict[str, list[Mapping[str, str]]]:
        """Give the key set, each key with these members besides."""
        return {"keys": [self._jwk(number) | members for number in self.published]}

    def sign(self, claims: Mapping[str, object], **header: str) -> str:
        """Make a JWT.

        Args:
            header: further members of its header.
        """
        head = {"alg": self.algorithm, "kid": self.kid, **header}
        signed = f"{base64url(msgspec.json.encode(head))}.{base64url(msgspec.json.encode(claims))}"
        return f"{signed}.{base64url(_signer(self.name, self.algorithm, self.number).sign(signed.encode()))}"

    def _kid(self, number: int) -> str:
        return f"{self.name}-{number}"

    def _jwk(self, number: int) -> dict[str, str]:
        members = _signer(self.name, self.algorithm, number).jwk or {}
        return {**members, "kid": self._kid(number), "alg": self.algorithm, "use": "sig"}


def half_hash(value: str) -> str:
    """Give `at_hash` of an access token, for an ID token by SHA-256.

    See: OpenID Connect Core section 3.1.3.6.
    """
    return base64url(hashlib.sha256(value.encode()).digest()[:16])


@lru_cache  # making an RSA key takes up to 100 ms: once a process and provider is enough
def _signer(name: str, algorithm: str, number: int) -> Signer:
    del name, number
    kind = ALGORITHMS[algorithm]
    return kind.open(kind.make())
