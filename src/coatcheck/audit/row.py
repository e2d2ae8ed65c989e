"""A row of the audit trail as it is stored, and what names a person beside it."""

import json
import re
from collections.abc import Mapping
from typing import ClassVar, TypeAlias

from msgspec import Struct

from coatcheck.clock import Instant
from coatcheck.secret import Veiled, hash_secret, random_bytes
from coatcheck.visit import Visit

Detail: TypeAlias = str | int | bool
"""What a detail may be: a plain value. A `Secret`, bytes or a nested thing is refused."""

_DETAIL_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MOST_DETAILS = 20
_DETAIL_LENGTH = 500
_MOST_DIGITS = 2**63


class Row(Struct, frozen=True, kw_only=True):
    """Carry one event as it is stored; `number` and `mac` are None until it is sealed."""

    id: int
    at: Instant
    event: str
    outcome: str
    account: str | None
    actor: str | None
    session: str | None
    request_id: str
    details: str
    personal: bytes | None
    number: int | None
    mac: bytes | None


class Personal(Veiled, frozen=True, kw_only=True):
    """Carry what names a person: it stands beside the event and may expire or be erased.

    The event keeps only `digest()`. The salt goes with this row, so no guess can be tested against what is left.
    """

    veils: ClassVar = frozenset({"salt"})

    salt: bytes
    address: str
    user_agent: str
    email: str | None

    def digest(self) -> bytes:
        """Give what enters the chain."""
        return hash_secret(json.dumps([self.salt.hex(), self.address, self.user_agent, self.email]))


def personal_of(visit: Visit, email: str | None) -> Personal | None:
    """Gather what a visit tells of a person, cut to the columns' lengths; None when it tells nothing."""
    if not (visit.address or visit.user_agent or email):
        return None
    return Personal(
        salt=random_bytes(16),
        address=storable(visit.address, 45),
        user_agent=storable(visit.user_agent, 400),
        email=None if email is None else storable(email, 254),
    )


def storable(text: str, length: int) -> str:
    """Cut a text and replace what PostgreSQL cannot hold: NUL and unpaired surrogates."""
    return text[:length].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def details_text(details: Mapping[str, Detail] | None) -> str:
    """Write details as canonical JSON, long values cut.

    Raises:
        ValueError: a name is not like `this_one`, there are too many, or a value is not a plain string, number or bool.
    """
    given = dict(details or {})
    if len(given) > _MOST_DETAILS:
        raise ValueError(f"at most {_MOST_DETAILS} details, not {len(given)}")
    for name, value in given.items():
        _check_detail(name, value)
    cut = {name: value[:_DETAIL_LENGTH] if isinstance(value, str) else value for name, value in given.items()}
    return json.dumps(cut, sort_keys=True, separators=(",", ":"))


def _check_detail(name: str, value: Detail) -> None:
    if not _DETAIL_NAME.fullmatch(name):
        raise ValueError(f"a detail's name is like `this_one`, not {name!r:.60}")
    # The exact type: a subclass of str may be somebody's secret. For the same reason the value is not told.
    if type(value) not in (str, int, bool):
        raise ValueError(f"the detail {name} must be a plain string, number or bool, not {type(value).__name__}")
    if isinstance(value, int) and abs(value) >= _MOST_DIGITS:
        raise ValueError(f"the detail {name} must fit in 64 bits")
