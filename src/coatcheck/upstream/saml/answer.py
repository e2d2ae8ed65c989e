"""What an answer must say, what it came to, and why it was refused."""

from collections.abc import Mapping
from typing import ClassVar

from msgspec import Struct

from coatcheck.clock import Instant
from coatcheck.secret import Veiled
from coatcheck.upstream.saml.connection import SamlConnection


class Refused(Exception):
    """Say which check an answer failed, for the operator's trace."""


class RefusedThere(Exception):
    """Say that the identity provider itself answered that it signs nobody in."""


class Expected(Struct, frozen=True, kw_only=True):
    """Hold what an answer is checked against.

    Args:
        acs: where it must have been sent.
        entity_id: who it must be for.
        request: the ID of the request that it must answer.
        now: the time.
        fresh_since: since when the person must have been asked anew; None where that was not demanded.
    """

    connection: SamlConnection
    acs: str
    entity_id: str
    request: str
    now: Instant
    fresh_since: Instant | None = None


class Answer(Veiled, frozen=True, kw_only=True):
    """Hold what an identity provider signed, of that which we read.

    Args:
        assertion: the assertion's ID.
        name_id: the NameID; empty where there is none.
        name_id_format: what kind it is of.
        attributes: those that the connection reads and the answer has, each with its values.
        groups_cut_short: whether it says that there are more groups than it names.
        context: how the person was asked (`AuthnContextClassRef`); empty where it does not say.
        counts_until: after this moment it is refused whatever else it says.
    """

    veils: ClassVar = frozenset({"attributes"})

    assertion: str
    name_id: str
    name_id_format: str
    attributes: Mapping[str, tuple[str, ...]]
    groups_cut_short: bool
    context: str
    counts_until: Instant
