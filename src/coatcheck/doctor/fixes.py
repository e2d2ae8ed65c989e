"""How a fix is written: a line that says where, then lines that can be copied as they are, or looked for."""

from collections.abc import Iterable

from coatcheck.doctor.finding import Finding, Outcome, Passed


def set_to(section: str, *lines: str) -> str:
    """Write the fix that is a setting; its section may be there already, so it stands in the sentence."""
    return write(f"In coatcheck.toml, in the section [{section}]", *lines)


def write(where: str, *lines: str) -> str:
    """Write the fix that is to be put somewhere, or run.

    Args:
        where: as a sentence begins, without the colon.
        lines: what is to stand there.
    """
    return "\n".join((f"{where}:", *lines))


def take_out(*lines: str) -> str:
    """Write the fix that is to let through what Coatcheck does right.

    Args:
        lines: in nginx's words, what spoils it.
    """
    return write("Coatcheck does it right. Take out what changes it on the way; in nginx that would be", *lines)


def run(*commands: str, why: str = "Run") -> str:
    """Write the fix that is a command."""
    return write(why, *commands)


def unless_found(found: Iterable[Finding], passed: Passed) -> tuple[Outcome, ...]:
    """Give what was found, or that nothing was."""
    return tuple(found) or (passed,)
