"""The guide's eight universal security principles: the sections of every report."""

from typing import Final

PRINCIPLES: Final = (
    "Always use HTTPS",
    "Implement proper rate limiting",
    "Use strong, unique secrets",
    "Validate all inputs, handle errors properly",
    "Log authentication events",
    "Keep tokens and sessions short-lived",
    "Implement proper logout",
    "Consider MFA",
)

HTTPS: Final = 1
LIMITS: Final = 2
SECRETS: Final = 3
INPUTS: Final = 4
EVENTS: Final = 5
LIFETIMES: Final = 6
LOGOUT: Final = 7
MFA: Final = 8


def name_of(principle: int) -> str:
    """Give the words of a principle by its number, 1 to 8."""
    return PRINCIPLES[principle - 1]
