"""The secret of a service: random, told by its prefix and checksum, so that a scanner finds one that leaked."""

from typing import Final

from coatcheck.secret import Secret, checksum, new_secret

PREFIX: Final = "ccs_"


def new_client_secret() -> Secret:
    """Draw a secret of 192 random bits: `ccs_`, 32 characters, and a checksum of six.

    See: ASVS 11.5.1.
    """
    body = PREFIX + new_secret().reveal()
    return Secret(body + checksum(body))
