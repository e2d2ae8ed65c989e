"""Writes the tables of docs/providers.md: every entry, where it was read, what its emails are worth; every trouble.

    python tools/make_providers_doc.py

The rest of the page is written by hand; a test fails when the tables are old.
"""

from pathlib import Path

from coatcheck.upstream.entries.entry import Entry, entry_names, read_entry
from coatcheck.upstream.trouble import WORDS

PAGE = Path(__file__).parents[1] / "docs" / "providers.md"
BEGIN = "<!-- entries: made by tools/make_providers_doc.py from the entries; change it there -->\n"
END = "<!-- /entries -->\n"
TROUBLES = "<!-- troubles: made by tools/make_providers_doc.py from upstream/trouble.py; change it there -->\n"
END_OF_TROUBLES = "<!-- /troubles -->\n"


def page(text: str) -> str:
    """Put the tables into a page between its marks."""
    return _between(_between(text, BEGIN, END, tables()), TROUBLES, END_OF_TROUBLES, troubles())


def _between(text: str, begin: str, end: str, made: str) -> str:
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{made}\n{end}{after}"


def troubles() -> str:
    """Write the table of what can go wrong."""
    rows = [f"| `{name}` | {words.person} | {words.operator} | {words.fix} |" for name, words in WORDS.items()]
    return "\n".join(["| trouble | the person reads | it means | what to do |", "| --- | --- | --- | --- |", *rows, ""])


def tables() -> str:
    """Write the tables."""
    entries = {name: read_entry(name) for name in entry_names()}
    read = [_read(name, entry) for name, entry in entries.items()]
    worth = [f"| {_title(entry)} | `{entry.email_trust}` | {entry.email_worth} |" for entry in entries.values()]
    return "\n".join(
        [
            "| entry | provider | asks for | documentation | read | |",
            "| --- | --- | --- | --- | --- | --- |",
            *read,
            "",
            "| provider | trust | what an email is worth, and why |",
            "| --- | --- | --- |",
            *worth,
            "",
        ]
    )


def _read(name: str, entry: Entry) -> str:
    pages = ", ".join(f"[{number}]({each.page})" for number, each in enumerate(entry.docs, 1))
    proof = "`key_file`" if entry.client_auth == ("apple",) else ""
    asks = ", ".join(filter(None, [*(f"`{each}`" for each in entry.asks), proof])) or "-"
    tried = "tried live" if entry.tried_live else "not tried live"
    return f"| `{name}` | {_title(entry)} | {asks} | {pages} | {entry.read} | {tried} |"


def _title(entry: Entry) -> str:
    return entry.title or ("any OpenID Connect issuer" if entry.kind == "oidc" else "any OAuth 2.0 server")


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
    print(f"{PAGE.name}: {PAGE.read_text('utf-8').count(chr(10))} lines")
