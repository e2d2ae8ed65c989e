"""What an account is found by: an email address or a username, each parsed and normalised once, here."""

import re
import unicodedata

import idna
from msgspec import Struct

_LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_USERNAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])")


class NotAnIdentifier(ValueError):
    """Say what is wrong with an address or a name; the message is fit for the person."""


class EmailAddress(Struct, frozen=True):
    """Hold a normalised address: lower case, domain in ASCII. Only `parse_email` makes one."""

    text: str

    def __str__(self) -> str:
        return self.text


class Username(Struct, frozen=True):
    """Hold a normalised username: lower case, never an `@`. Only `parse_username` makes one."""

    text: str

    def __str__(self) -> str:
        return self.text


def parse_email(raw: str) -> EmailAddress:
    """Parse an address so that `Ann@Example.org` and `ann@example.org` are one person everywhere.

    The part before `@` must be ASCII: case folding beyond it makes different mailboxes equal (CVE-2019-19844).

    Raises:
        NotAnIdentifier: it is no address that mail can be sent to.

    See: RFC 5321 section 4.5.3.1 (lengths), RFC 5891 (domain names).
    """
    local, at, domain = raw.strip(" ").rpartition("@")
    if not at or not local or not domain:
        raise NotAnIdentifier("Write an email address, such as name@example.org.")
    local = local.lower() if local.isascii() else local
    domain = _ascii_domain(domain)
    if len(local) > 64 or len(local) + 1 + len(domain) > 254 or not _LOCAL_PART.fullmatch(local):
        raise NotAnIdentifier("This is no email address that we can send mail to.")
    return EmailAddress(f"{local}@{domain}")


def parse_username(raw: str) -> Username:
    """Parse a username: 2 to 64 of a-z, 0-9, dot, dash, underscore; it starts and ends with a letter or digit.

    Raises:
        NotAnIdentifier: it is none; an `@` would make it look like an address.
    """
    name = raw.strip(" ").lower() if raw.isascii() else raw
    if not _USERNAME.fullmatch(name):
        raise NotAnIdentifier("Use 2 to 64 letters, digits, dots, dashes or underscores.")
    return Username(name)


def parse_identifier(raw: str) -> EmailAddress | Username | None:
    """Parse what was typed as a name at sign-in; None when no account can have it."""
    try:
        return parse_email(raw) if "@" in raw else parse_username(raw)
    except NotAnIdentifier:
        return None


def fold_unknown(raw: str) -> str:
    """Give an unknown identifier one spelling, so that limits count its variants together."""
    return unicodedata.normalize("NFKC", raw.strip()).casefold()[:254]


def _ascii_domain(domain: str) -> str:
    lowered = domain.lower() if domain.isascii() else domain
    try:
        text = lowered if lowered.isascii() else idna.encode(lowered, uts46=True).decode()
    except idna.IDNAError:
        raise NotAnIdentifier("The part after the @ is no domain name.") from None
    labels = text.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels) or (len(labels) < 2 and text != "localhost"):
        raise NotAnIdentifier("The part after the @ is no domain name.")
    return text
