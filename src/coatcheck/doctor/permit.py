"""What `coatcheck doctor permit` writes into its file, and `coatcheck doctor URL --permit FILE` reads from it."""

from pathlib import Path
from typing import Final

import msgspec

from coatcheck.clock import Instant
from coatcheck.errors import ConfigurationError

HEADER: Final = "coatcheck-permit"
"""The header that carries `Permit.header` on each request of the doctor."""


class Permit(msgspec.Struct, frozen=True):
    """Let the doctor try a deployment from outside, as an account of its own.

    Args:
        url: where the deployment is reached, without a slash at its end; the permit is for no other.
        email: the address of the throw-away account.
        password: its password.
        header: the value of the header `Coatcheck-Permit`.
        expires_at: when the server forgets all of it, in milliseconds since 1970 UTC.
    """

    url: str
    email: str
    password: str
    header: str
    expires_at: Instant

    def __repr__(self) -> str:
        return f"Permit({self.url} as {self.email})"


def permit_json(permit: Permit) -> str:
    """Write a permit as the text of its file."""
    return msgspec.json.format(msgspec.json.encode(permit), indent=2).decode() + "\n"


def read_permit(file: Path) -> Permit:
    """Read a permit from its file.

    Raises:
        ConfigurationError: there is no such file, or no permit in it.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=Permit)
    except OSError as error:
        raise ConfigurationError(f"{file}: the permit cannot be read ({error.strerror})") from None
    except msgspec.MsgspecError:
        raise ConfigurationError(f"{file} holds no permit: `coatcheck doctor permit` on the server makes one") from None
