"""What is registered of a service: its name, what it may do, for whom its tokens are, and its credentials."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import ClassVar, Final, Literal, TypeAlias

from msgspec import Struct

from coatcheck.clock import Instant
from coatcheck.errors import BadInput
from coatcheck.secret import Veiled
from coatcheck.verifier.claims import StatusPlace

MOST_CREDENTIALS: Final = 2
"""How many a service has at once: the one in use, and the one that it is changed for."""

MOST_AUDIENCES: Final = 50
"""How many a service calls at most, and how many it is."""

PREFIX: Final = "svc_"
Kind: TypeAlias = Literal["secret", "key"]
Audience: TypeAlias = tuple[Literal["calls", "serves"], str]
"""Whom a service calls, or what it is."""

_NAME = re.compile(r"[a-z][a-z0-9.-]{0,62}")
_LONGEST_AUDIENCE = 200


class ServiceCredential(Veiled, frozen=True, kw_only=True):
    """Hold what a service proves itself by.

    Args:
        id: `cred_…`, a handle and no secret.
        kind: a shared secret, or the public half of a key.
        expires_at: when it works no more.
        secret_hash: what is kept of a secret.
        jwk: a public key, as JSON.
        place: the bit that takes back every token that was issued for it; None when it has ended.
    """

    veils: ClassVar = frozenset({"secret_hash"})

    id: str
    kind: Kind
    created_at: Instant
    expires_at: Instant
    secret_hash: bytes | None = None
    jwk: str | None = None
    place: StatusPlace | None = None


class Registration(Struct, frozen=True, kw_only=True):
    """Hold a service as it is registered.

    Args:
        permissions: what its tokens may say at most.
        calls: whom its tokens may be for, beside ourselves.
        serves: the audiences that it is: about their tokens it may ask. Ourselves, where none is named.
        credentials: oldest first; those that have run out too.
    """

    id: str
    name: str
    status: str
    created_at: Instant
    permissions: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    credentials: tuple[ServiceCredential, ...] = ()

    @property
    def is_active(self) -> bool:
        """Whether it is let in at all."""
        return self.status == "active"

    @property
    def audiences(self) -> frozenset[Audience]:
        """Whom it calls and what it is."""
        calls: set[Audience] = {("calls", each) for each in self.calls}
        serves: set[Audience] = {("serves", each) for each in self.serves}
        return frozenset(calls | serves)

    def working(self, now: Instant) -> list[ServiceCredential]:
        """List the credentials that have not run out."""
        return [credential for credential in self.credentials if credential.expires_at > now]


def parse_service_name(raw: str) -> str:
    """Parse the name of a service.

    Raises:
        BadInput: it is none.
    """
    if not _NAME.fullmatch(raw):
        raise BadInput({"name": "A service is named by up to 63 of a-z, 0-9, dot and dash; a letter comes first."})
    return raw


def parse_audience(raw: str) -> str:
    """Parse whom a token is for: an address, or another name of visible ASCII.

    Raises:
        BadInput: it is none.

    See: RFC 8707 section 2 (no fragment).
    """
    fits = 0 < len(raw) <= _LONGEST_AUDIENCE and raw.isascii() and raw.isprintable()
    if not fits or any(letter in raw for letter in ' "\\#'):
        raise BadInput({"audience": "An audience is an address such as https://notes.example.org, up to 200 letters."})
    return raw


def check_room(audiences: Iterable[Audience]) -> None:
    """Refuse more audiences than a service may have.

    Raises:
        BadInput: there are too many of one kind.
    """
    of_kind = Counter(kind for kind, _ in audiences)
    if max(of_kind.values(), default=0) > MOST_AUDIENCES:
        raise BadInput({"audience": f"A service has up to {MOST_AUDIENCES} audiences of a kind. Split the service."})
