"""Which passwords are taken: long ones that nobody would guess first. No composition rules, no expiry.

After NIST SP 800-63B-4: the length counts, and a list of what attackers try first is kept out. Whoever asks for
capitals and digits gets `Password1!`.
"""

import unicodedata
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from coatcheck.passwords.common_passwords import is_common
from coatcheck.passwords.context import is_mostly_context
from coatcheck.passwords.patterns import is_pattern
from coatcheck.settings.passwords import PasswordSettings

MOST_RAW_CHARACTERS: Final = 4096
"""More than this is refused unread: putting long runs of accents in order takes time that grows with their square."""


class Complaint(Struct, frozen=True):
    """Say one thing that is wrong with a new password.

    Args:
        code: stable word for programs.
        says: public sentence for the person who chose it.
    """

    code: str
    says: str


BROKEN_TEXT: Final = Complaint("broken_text", "This password has a character that cannot be typed. Choose another one.")
TOO_LONG: Final = Complaint("too_long", "This password is too long. A shorter one is just as safe.")
COMMON: Final = Complaint("common", "Many people use this password, so it is tried first. Choose another one.")
PATTERN: Final = Complaint("pattern", "This is a pattern that is tried first. A few unrelated words are safer.")
CONTEXT: Final = Complaint("context", "This is mostly a name that others know. Choose another one.")
BREACHED: Final = Complaint("breached", "This password is in a list of leaked ones. Choose another one.")


class UnusablePassword(ValueError):
    """Say that a text can be nobody's password, new or old.

    Args:
        complaint: what is wrong with it.
    """

    def __init__(self, complaint: Complaint) -> None:
        super().__init__(complaint.code)
        self.complaint = complaint


def prepare(raw: str) -> str:
    """Bring a typed password into the one form that is hashed and checked: Unicode NFC, nothing else changed.

    Used for new passwords and for each sign-in, so that `é` typed as one key or as two is the same password.

    Args:
        raw: the password as it arrived.

    Raises:
        UnusablePassword: it has NUL or half a surrogate pair, or more than 4096 characters.

    See: NIST SP 800-63B-4 section 3.1.1.2 (normalisation); ASVS 6.2.8.
    """
    if len(raw) > MOST_RAW_CHARACTERS:
        raise UnusablePassword(TOO_LONG)
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in raw):
        raise UnusablePassword(BROKEN_TEXT)
    return unicodedata.normalize("NFC", raw)


def check(
    password: str, *, settings: PasswordSettings, context: Iterable[str], has_second_factor: bool
) -> list[Complaint]:
    """Say what is wrong with a new password; an empty list when it is taken.

    Args:
        password: the password, after `prepare`.
        settings: lengths and the site's own words.
        context: what others know of this account: email address, username, the site's name.
        has_second_factor: whether the password is always used together with a second factor.

    See: NIST SP 800-63B-4 section 3.1.1.2; ASVS 6.2.1, 6.2.4, 6.2.5, 6.2.9, 6.2.11.
    """
    least = settings.least_length(has_second_factor=has_second_factor)
    if len(password) < least:
        return [_too_short(least)]
    if len(password.encode()) > settings.max_length:
        return [TOO_LONG]
    return _guesses(password, [*context, *settings.context_words])


def _guesses(password: str, context: list[str]) -> list[Complaint]:
    folded = unicodedata.normalize("NFC", password.casefold())
    found = {
        COMMON: is_common(folded),
        PATTERN: is_pattern(folded),
        CONTEXT: is_mostly_context(password, context),
    }
    return [complaint for complaint, applies in found.items() if applies]


def _too_short(least: int) -> Complaint:
    return Complaint("too_short", f"Use at least {least} characters. A few words that you can remember do well.")
