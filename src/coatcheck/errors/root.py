"""The root of every error that becomes an answer."""

from typing import ClassVar


class CoatcheckError(Exception):
    """Stand at the root of every error that becomes an answer.

    Args:
        because: the operator's reason, for the log only.

    See: RFC 9457 (problem documents), ASVS 16.5.1.
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    says: ClassVar[str] = "Something went wrong on our side."

    def __init__(self, because: str = "") -> None:
        super().__init__(because or self.says)
        self.because = because


class ConfigurationError(Exception):
    """Stop start-up: a setting is wrong. The message names the setting and the fix."""
