"""A service that has proven itself, as those who answer it see it."""

from msgspec import Struct

from coatcheck.clients.registration import Registration, ServiceCredential
from coatcheck.clock import Instant
from coatcheck.verifier.claims import StatusPlace


class Client(Struct, frozen=True, kw_only=True):
    """Hold what a service that has proven itself may do.

    Args:
        id: `svc_…`.
        permissions: what its tokens may say at most.
        scope: the same, as a token says it.
        calls: whom its tokens may be for, beside ourselves.
        serves: the audiences that it is; ourselves, where none is named.
        expires_at: when the credential that it has proven itself by runs out.
        place: the bit of that credential, for its tokens; None where it came by a token, which gets it no other.
    """

    id: str
    permissions: frozenset[str]
    scope: str
    calls: tuple[str, ...]
    serves: frozenset[str]
    expires_at: Instant
    place: StatusPlace | None


def client_of(registration: Registration, credential: ServiceCredential | None, *, until: Instant) -> Client:
    """Give the client that a registration and what was proven make.

    Args:
        credential: what it has proven itself by; None where it came by a token.
        until: when what was proven runs out.
    """
    return Client(
        id=registration.id,
        permissions=frozenset(registration.permissions),
        scope=" ".join(registration.permissions),
        calls=registration.calls,
        serves=frozenset(registration.serves),
        expires_at=until,
        place=credential.place if credential else None,
    )
