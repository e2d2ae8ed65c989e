"""The key that a proof brings along in its header: anybody's, and read as strictly as if it were ours."""

from typing import Any, cast

from msgspec import Struct

from coatcheck.errors import ProofRefused
from coatcheck.verifier.algorithms import VerifyingKey
from coatcheck.verifier.canonical import decode_base64url
from coatcheck.verifier.jwk import key_of, thumbprint
from coatcheck.verifier.jws import Algorithm, Header
from coatcheck.verifier.strict_json import read_object

TYP = "dpop+jwt"
ALGORITHMS: tuple[Algorithm, ...] = ("ES256", "EdDSA", "RS256", "PS256")
ROOM = 2000
"""How many keys are kept at the most, of a few KB each."""

_LONGEST_HEADER = 1536
_LONGEST_MODULUS = 683
"""Of 4096 bits, as text. A stranger picks this key: one of 8192 bits would make each look at it four times as slow."""

_MEMBERS = frozenset({"typ", "alg", "jwk"})
_OF_KEY = {"RSA": {"kty", "n", "e"}, "EC": {"kty", "crv", "x", "y"}, "OKP": {"kty", "crv", "x"}}
_ALSO = frozenset({"alg", "kid", "use", "key_ops", "ext"})
"""What a browser's `exportKey` adds, and other libraries: it is compared where it says something, and not used."""


class ProofKey(Struct, frozen=True):
    """Hold what a proof's header says.

    Args:
        header: for `parse_jws`; in the place of `kid` stands the thumbprint.
        key: checks what it signs; its `kid` is the thumbprint.
    """

    header: Header
    key: VerifyingKey

    def __repr__(self) -> str:
        return f"ProofKey({self.key.kid})"


class ProofKeys:
    """Remember the keys of proofs whose signature was right: a client goes on with one key, and to read it takes long.

    Strangers can put keys of their own in, at a signature each, and others are read anew then. That costs time and no
    more, as a header's text says all about its key. May be used on several threads.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._half = max(1, room // 2)
        self._younger: dict[str, ProofKey] = {}
        self._older: dict[str, ProofKey] = {}

    def __len__(self) -> int:
        return len(self._younger) + len(self._older)

    def get(self, segment: str) -> ProofKey | None:
        """Give what is known of a header, by its text."""
        return self._younger.get(segment) or self._older.get(segment)

    def keep(self, segment: str, key: ProofKey) -> None:
        """Keep the header of a proof whose signature was found right."""
        if segment in self._younger:
            return
        if len(self._younger) >= self._half:
            self._older, self._younger = self._younger, {}
        self._younger[segment] = key


def read_proof_key(segment: str) -> ProofKey:
    """Read a proof's header.

    Args:
        segment: its text, as it stands before the proof's first dot.

    Raises:
        ProofRefused: it is no header of a proof, or its key is private, weak, slow, or for something else.

    See: RFC 9449 sections 4.2 and 4.3; RFC 7638.
    """
    if len(segment) > _LONGEST_HEADER:
        raise ProofRefused("the proof's header is too long")
    try:
        return _checked(read_object(decode_base64url(segment)))
    except ValueError as problem:
        raise ProofRefused(f"the proof's header cannot be used: {problem}") from None


def _checked(members: dict[str, Any]) -> ProofKey:
    if members.keys() != _MEMBERS or members["typ"] != TYP:
        raise ValueError("it is none of dpop+jwt with an alg, a jwk and nothing else")
    algorithm, jwk = members["alg"], members["jwk"]
    if algorithm not in ALGORITHMS or not isinstance(jwk, dict):
        raise ValueError("its alg or jwk is none that is known here")
    _check_members(jwk, algorithm)
    jkt = thumbprint(jwk)
    key = key_of({**jwk, "kid": jkt, "alg": algorithm})
    return ProofKey(Header(cast("Algorithm", algorithm), jkt, TYP), key)


def _check_members(jwk: dict[str, Any], algorithm: str) -> None:
    own = _OF_KEY.get(str(jwk.get("kty")), set())
    if not own <= jwk.keys() <= own | _ALSO:
        raise ValueError("its key lacks a member, is a private one, or says more than a key does")
    if jwk.get("alg", algorithm) != algorithm:
        raise ValueError("its key is for another alg")
    if len(str(jwk.get("n", ""))) > _LONGEST_MODULUS:
        raise ValueError("its key is longer than 4096 bits")
