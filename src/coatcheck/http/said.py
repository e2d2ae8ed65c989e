"""Say a refusal to a person: in its own constant words, and with how long to wait where that is known."""

from coatcheck.errors import Busy, CoatcheckError, TooManyAttempts


def said(refused: CoatcheckError) -> str:
    """Give what a page says, with the time to wait: too many attempts are told when to try again."""
    if isinstance(refused, TooManyAttempts):
        return f"Too many attempts. {wait_of(refused.retry_after)}"
    if type(refused) is Busy:
        return f"Too busy at the moment. {wait_of(refused.retry_after)}"
    return refused.says


def wait_of(seconds: int) -> str:
    """Give when to try again: whole seconds of a minute, else minutes, rounded up."""
    count, unit = (seconds, "second") if seconds < 60 else (-(-seconds // 60), "minute")
    return f"Try again in {count} {unit}{'' if count == 1 else 's'}."
