"""How `coatcheck provider` shows what is configured, what is missing, what failed, and what an entry says of itself."""

from pathlib import Path
from typing import TypeAlias

from coatcheck.admin.troubles import Told
from coatcheck.cli.showing import moment, say, say_facts
from coatcheck.errors import ConfigurationError
from coatcheck.settings import Settings
from coatcheck.settings.read import read_settings
from coatcheck.upstream.entries.entry import Entry, entry_names, read_entry
from coatcheck.upstream.of_settings import read_provider

Row: TypeAlias = tuple[str, str, str, str, str, str]


def configured_rows(settings: Settings, base: Path) -> list[Row]:
    """Give a row for each table of `providers`, with the first thing that is missing in it."""
    return [_configured(settings, name, base) for name in settings.providers]


def all_entries() -> list[Row]:
    """Give a row for each entry there is, with what it asks for."""
    return [_entry_row(name, read_entry(name)) for name in entry_names()]


def facts_of(name: str, config: Path | None) -> dict[str, str]:
    """Give all that is known of a provider, by its table or its entry.

    Raises:
        ConfigurationError: there is neither.
    """
    tables = read_settings(config).providers if config else {}
    entry = read_entry((tables[name].entry or name) if name in tables else name)
    return {
        "title": entry.title or "any other",
        "kind": entry.kind,
        "issuer": entry.issuer or "-",
        "register at": entry.register_at or "-",
        "asks for": ", ".join(("client_id", *entry.asks)),
        "proves us by": ", ".join(entry.client_auth),
        "scopes": " ".join(entry.scopes) or "-",
        "an email": entry.email_worth,
        "read": f"{entry.read}; {tried(entry)}",
        **{f"page {number}": f"{each.page} ({each.seen})" for number, each in enumerate(entry.docs, 1)},
        "from memory": "; ".join(entry.from_memory) or "-",
        **{f"note {number}": each for number, each in enumerate(entry.quirks, 1)},
    }


def show_trouble(told: Told) -> None:
    """Print one failed sign-in: what it was, and what to do."""
    say(f"{moment(told.at)}  {told.provider}: {told.trouble}", style="bold")
    facts = {
        "means": told.means,
        "trace": told.trace or "-",
        "to do": told.fix,
        "request": told.request,
        "from": told.address or "-",
    }
    say_facts({**facts, **({"account": told.account} if told.account else {})})
    say()


def tried(entry: Entry) -> str:
    """Say whether somebody signed in with an entry."""
    return "tried live" if entry.tried_live else "not tried live"


def _entry_row(name: str, entry: Entry) -> Row:
    asks = ", ".join([*entry.asks, *(["key_file"] if entry.client_auth == ("apple",) else [])])
    return (name, entry.title or "any other", entry.kind, name, tried(entry), f"asks for {asks}" if asks else "-")


def _configured(settings: Settings, name: str, base: Path) -> Row:
    given = settings.providers[name]
    try:
        entry = read_entry(given.entry or name)
    except ConfigurationError as wrong:
        return (name, given.title or "-", "-", given.entry or name, "-", str(wrong))
    row = (name, given.title or entry.title, entry.kind, given.entry or name, tried(entry))
    try:
        read_provider(settings, name, base)
    except ConfigurationError as wrong:
        return (*row, str(wrong))
    return (*row, "-")
