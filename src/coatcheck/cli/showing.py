"""How the command line speaks: sentences, tables and JSON, for people on a terminal and for programs behind a pipe."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coatcheck.accounts.account import Account
from coatcheck.clock import Instant, rfc3339
from coatcheck.http.ago import in_words

_BEHIND_A_PIPE = 200


def console(*, stderr: bool = False) -> Console:
    """Make a console; where no terminal tells its width, lines are long, so that a row stays one line."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, highlight=False, width=None if stream.isatty() else _BEHIND_A_PIPE)


def say(sentence: str = "", *, style: str = "") -> None:
    """Print a line on standard output, never broken: it may hold a link."""
    console().print(Text(plain(sentence), style=style), soft_wrap=True)


def complain(sentence: str) -> None:
    """Print why a command was refused, on standard error."""
    console(stderr=True).print(Text.assemble(("coatcheck: ", "bold red"), plain(sentence)), soft_wrap=True)


def say_json(value: object) -> None:
    """Print a value as JSON; what is not ASCII is escaped, so that nothing in it commands the terminal."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def say_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str, whole: int = 0) -> None:
    """Print a table, or a sentence when there is nothing in it.

    Args:
        columns: their names.
        rows: a cell for each.
        empty: the sentence.
        whole: how many columns, from the left, are never broken over lines: ids, which people copy.
    """
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for at, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=at < whole)
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    if table.row_count:
        console().print(table)
    else:
        say(empty)


def say_facts(facts: Mapping[str, str]) -> None:
    """Print names and values in two columns."""
    table = Table.grid(padding=(0, 3))
    for name, value in facts.items():
        table.add_row(Text(name, style="dim"), Text(plain(value)))
    console().print(table)


def plain(text: str) -> str:
    """Replace what commands a terminal or turns text around: a stranger chose some of what we show."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def moment(instant: Instant) -> str:
    """Write a time for people, in UTC."""
    return rfc3339(instant).replace("T", " ").replace("Z", " UTC")


def ago(instant: Instant, now: Instant) -> str:
    """Write how long ago something was, by the second within the last minute."""
    seconds = (now - instant) // 1000
    return f"{seconds} s ago" if 0 <= seconds < 60 else in_words(instant, now)


def name_of(account: Account) -> str:
    """Give what people call an account."""
    return account.email or account.username or account.id


def words_of(account: Account) -> dict[str, Any]:
    """Give an account in the words of the API."""
    return {
        "id": account.id,
        "email": account.email,
        "email_proven": account.email_proven,
        "username": account.username,
        "status": account.status,
        "factors": sorted(account.factors),
        "created_at": rfc3339(account.created_at),
    }
