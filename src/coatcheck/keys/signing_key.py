"""One key, opened: what signs, and what others check its signatures with."""

import asyncio
from collections.abc import Mapping
from typing import ClassVar

from msgspec import field

from coatcheck.desk import Desk
from coatcheck.errors import ConfigurationError
from coatcheck.keys.algorithms import ALGORITHMS, Public, Signer
from coatcheck.keys.life import KeyRow
from coatcheck.secret import CannotUnseal, Veiled, new_id


class PublicKey(Veiled, frozen=True, eq=False):
    """Hold what checks the signatures of one key, by its one algorithm.

    Args:
        public: a key of `cryptography`; for HS256 the secret itself.
        jwk: what is published of it (RFC 7517); None for HS256, of which nothing is.
    """

    veils: ClassVar = frozenset({"public"})

    kid: str
    algorithm: str
    public: Public
    jwk: Mapping[str, str] | None


class SigningKey(Veiled, frozen=True, eq=False):
    """Hold a key that signs, by its one algorithm."""

    veils: ClassVar = frozenset({"signer", "headers"})

    kid: str
    algorithm: str
    signer: Signer
    headers: dict[str, bytes] = field(default_factory=dict)
    """The encoded headers of tokens, by their `typ`; `keys/sign.py` fills it."""

    def sign(self, signed: bytes) -> bytes:
        """Give the signature as JWS spells it.

        In the event loop: RS256 takes a quarter of a millisecond, and handing it to a thread takes longer than that.
        """
        return self.signer.sign(signed)

    def public(self) -> PublicKey:
        """Give what checks its signatures."""
        jwk, named = self.signer.jwk, {"kid": self.kid, "alg": self.algorithm, "use": "sig"}
        return PublicKey(self.kid, self.algorithm, self.signer.public, jwk and {**jwk, **named})


class NewKey(Veiled, frozen=True):
    """Hold a key that was made and is not in the database yet."""

    veils: ClassVar = frozenset({"private"})

    kid: str
    algorithm: str
    private: bytes


async def make_key(desk: Desk) -> NewKey:
    """Make a key by the algorithm of the settings, in a thread, as an RSA key takes up to 100 ms; sealed already."""
    kid, algorithm = new_id("sig_"), desk.settings.keys.algorithm
    private = await asyncio.to_thread(ALGORITHMS[algorithm].make)
    return NewKey(kid, algorithm, desk.key_ring.seal(private, place=_place(kid)))


def open_key(desk: Desk, row: KeyRow) -> SigningKey:
    """Unseal a key of the database.

    Raises:
        ConfigurationError: it was made under a master key that is not in the ring, changed, or is of a later release.
    """
    try:
        private = desk.key_ring.unseal(row.private, place=_place(row.kid))
        return SigningKey(row.kid, row.algorithm, ALGORITHMS[row.algorithm].open(private))
    except (CannotUnseal, KeyError, TypeError, ValueError):
        raise ConfigurationError(
            f"the signing key {row.kid} cannot be read: put the master key it was made under into "
            "secret.previous_master_keys, or replace all signing keys by `coatcheck keys rotate --emergency`"
        ) from None


def _place(kid: str) -> str:
    return f"signing_keys.private:{kid}"
