"""Troubles with providers as an operator reads them: from the audit trail, each with our words and what to do."""

from typing import Any, Final, cast, get_args

from msgspec import Struct

from coatcheck.audit.show import Entry, show
from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.upstream.trouble import WORDS, Trouble, Words

_PAGE: Final = 500
_MOST_PAGES: Final = 40
_GONE: Final = Words("", "this version of Coatcheck knows no such trouble", "Read the trace.")


class Told(Struct, frozen=True, kw_only=True):
    """Tell of one failed sign-in with a provider.

    Args:
        provider: its name in the settings.
        trouble: what the person's page called it.
        means: what it is called to the operator.
        trace: the check that failed, in full.
        fix: what to do about it.
        request: the id that stands on the person's page, and in the log.
        account: whose provider was to be linked, where it was no sign-in.
        address: from where, until that is erased.
    """

    at: Instant
    provider: str
    trouble: str
    means: str
    trace: str
    fix: str
    request: str
    account: str | None
    address: str | None


async def list_troubles(desk: Desk, *, provider: str = "", request: str = "", limit: int = 20) -> list[Told]:
    """List the last failed sign-ins with providers, newest first.

    Args:
        provider: only of this one.
        request: only the one whose page shows this id.
        limit: how many.

    Raises:
        DatabaseAway: the database cannot be reached.
    """
    found: list[Told] = []
    before: int | None = None
    for _ in range(_MOST_PAGES):
        page = await show(desk, event="upstream.failed", before_id=before, limit=_PAGE)
        told = map(_told, page)
        found += [each for each in told if provider in ("", each.provider) and request in ("", each.request)]
        if len(page) < _PAGE or len(found) >= limit or (request and found):
            break
        before = page[-1].id
    return found[:limit]


def _told(entry: Entry) -> Told:
    trouble = _text(entry.details.get("trouble"))
    words = WORDS[cast("Trouble", trouble)] if trouble in get_args(Trouble) else _GONE
    return Told(
        at=entry.at,
        provider=_text(entry.details.get("provider")),
        trouble=trouble,
        means=words.operator,
        trace=_text(entry.details.get("because")).removeprefix(f"{trouble}: "),
        fix=words.fix,
        request=entry.request_id,
        account=entry.account,
        address=entry.address,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
