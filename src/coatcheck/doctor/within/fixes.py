"""How a fix is written: a line that says where, then lines that can be copied as they are."""

from collections.abc import Iterable

from coatcheck.doctor.finding import Finding, Outcome, Passed


def set_to(section: str, *lines: str) -> str:
    """Write the fix that is a setting; its section may be there already, so it stands in the sentence."""
    return "\n".join((f"In coatcheck.toml, in the section [{section}]:", *lines))


def run(*commands: str, why: str = "Run") -> str:
    """Write the fix that is a command."""
    return "\n".join((f"{why}:", *commands))


def unless_found(found: Iterable[Finding], passed: Passed) -> tuple[Outcome, ...]:
    """Give what was found, or that nothing was."""
    return tuple(found) or (passed,)
