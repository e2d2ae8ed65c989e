"""What `coatcheck account panic` and `panic-receipt` share: wait for a receipt to be filled, and show it."""

import asyncio
from typing import Annotated, Final, TypeAlias

import typer

from coatcheck.admin.people import resolve_account
from coatcheck.cli.showing import say, say_json, say_table
from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.ending.receipts.look import receipt_of, receipts_of
from coatcheck.ending.receipts.receipt import PREFIX, Receipt, clock_time
from coatcheck.errors import NotFound

_LOOK_EVERY_S: Final = 0.1
WaitOption: TypeAlias = Annotated[
    int, typer.Option("--wait", min=0, max=600, metavar="SECONDS", help="How long to wait for those who have to hear.")
]


async def receipt_meant(desk: Desk, which: str) -> str:
    """Give the id of the receipt that an operator means by it, or by an account.

    Raises:
        NotFound: there is none.
    """
    if which.startswith(PREFIX):
        return which
    account = await resolve_account(desk, which)
    receipts = await receipts_of(desk, account=account.id)
    if not receipts:
        raise NotFound(f"no panic was called for {which!r:.80}")
    return receipts[0].id


async def watched(desk: Desk, receipt: str, seconds: int) -> Receipt:
    """Give a receipt once every line is filled, or the time is over; the running server fills it.

    Raises:
        NotFound: there is none.
    """
    until = desk.clock.monotonic() + seconds
    while True:
        found = await receipt_of(desk, receipt)
        if all(line.outcome != "pending" for line in found.lines) or desk.clock.monotonic() >= until:
            return found
        await asyncio.sleep(_LOOK_EVERY_S)


def show_receipt(receipt: Receipt, now: Instant, *, as_json: bool) -> None:
    """Print a receipt."""
    if as_json:
        return say_json(receipt.words(now))
    say(f"Receipt {receipt.id}", style="bold")
    say(f"Everything of {receipt.account} was ended; called at {clock_time(receipt.called_at)} by {receipt.called_by}.")
    rows = []
    for line in receipt.lines:
        stands, at, about = line.stands(now)
        rows.append((line.label, line.amount(), stands, " ".join(filter(None, (about, clock_time(at) if at else "")))))
    say_table(("What", "How many", "Stands", "When"), rows, empty="")
    if receipt.lifted_at is not None:
        say(f"The account was opened again at {clock_time(receipt.lifted_at)}.")
    else:
        say("Nobody can sign in to it until its owner recovers it by mail.")
    if any(line.outcome == "pending" for line in receipt.lines):
        say(f"Look again: coatcheck account panic-receipt {receipt.id}")
    return None
