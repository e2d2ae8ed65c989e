"""What a page shows of a receipt."""

from typing import Any, Final

from coatcheck.clock import Instant
from coatcheck.ending.receipts.receipt import CUT, Line, Receipt, clock_time

_SHOWN_ANEW_FOR_MS: Final = 60_000
_DAY: Final = len("2026-11-27 ")
_KINDS: Final = {"done": "good", "gone": "good", "pending": "plain", "not_confirmed": "bad", "no_call": "plain"}


def shown(receipt: Receipt, now: Instant) -> dict[str, Any]:
    """Give a receipt for a template: what is over here, by when, what there was none of, and who has to hear."""
    here = [line for line in receipt.lines if line.what in CUT]
    elsewhere = [line for line in receipt.lines if line.what not in CUT]
    return {
        "receipt": receipt,
        "called": clock_time(receipt.called_at),
        "cut": "" if receipt.cut_at is None else _time(receipt, receipt.cut_at),
        "ended": [{"label": line.label, "amount": line.amount()} for line in here if line.count != 0],
        "absent": [line.label.lower() for line in here if line.count == 0],
        "others": [_shown(line, receipt, now) for line in elsewhere],
        "looks_again": receipt.settled_at is None and now - receipt.called_at < _SHOWN_ANEW_FOR_MS,
    }


def _shown(line: Line, receipt: Receipt, now: Instant) -> dict[str, str]:
    stands, at, about = line.stands(now)
    return {
        "label": line.label,
        "amount": line.amount(),
        "stands": stands,
        "kind": _KINDS[line.state(now)],
        "time": " ".join(filter(None, (about, "" if at is None else _time(receipt, at)))),
    }


def _time(receipt: Receipt, at: Instant) -> str:
    """Write a time without its day, where that is the day of the panic."""
    return clock_time(at).removeprefix(clock_time(receipt.called_at)[:_DAY])
