"""What a page shows of a receipt."""

from typing import Any, Final

from coatcheck.clock import Instant
from coatcheck.ending.receipts.receipt import CUT, PROVIDER, VERIFIER, WORKER, Line, Receipt, clock_time

_SHOWN_ANEW_FOR_MS: Final = 60_000
_DAY: Final = len("2026-11-27 ")
_KINDS: Final = {"done": "good", "gone": "good", "pending": "plain", "not_confirmed": "bad", "no_call": "plain"}
_HEADS: Final = (
    ("cut", "Ended here", tuple(CUT)),
    ("told", "Closed and told elsewhere", (WORKER, PROVIDER, VERIFIER)),
)


def shown(receipt: Receipt, now: Instant) -> dict[str, Any]:
    """Give a receipt for a template: its parts, each with its lines, and whether to look again soon."""
    parts = [
        {
            "id": part,
            "head": head,
            "lines": [_shown(line, receipt, now) for line in receipt.lines if line.what in whats],
        }
        for part, head, whats in _HEADS
    ]
    is_open = receipt.settled_at is None and now - receipt.called_at < _SHOWN_ANEW_FOR_MS
    called = clock_time(receipt.called_at)
    return {"receipt": receipt, "called": called, "parts": parts, "looks_again": is_open}


def _shown(line: Line, receipt: Receipt, now: Instant) -> dict[str, str]:
    stands, at, about = line.stands(now)
    time = "" if at is None else clock_time(at).removeprefix(clock_time(receipt.called_at)[:_DAY])
    return {
        "label": line.label,
        "amount": line.amount(),
        "stands": stands,
        "kind": _KINDS[line.state(now)],
        "time": " ".join(filter(None, (about, time))),
    }
