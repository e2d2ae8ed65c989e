"""Names of roles and permissions, parsed here and nowhere else."""

import re

from coatcheck.errors import BadInput

ADMIN = "admin"
"""The role that is there from the start."""

_ROLE = re.compile(r"[a-z][a-z0-9_.-]{0,62}")
_PERMISSION = re.compile(r"[a-z][a-z0-9_.-]{0,62}:[a-z][a-z0-9_.-]{0,62}")


def parse_role(raw: str) -> str:
    """Parse a role's name.

    Raises:
        BadInput: it is none.
    """
    if not _ROLE.fullmatch(raw):
        raise BadInput(
            {"role": "A role is named by up to 63 of a-z, 0-9, dot, dash, underscore; a letter comes first."}
        )
    return raw


def parse_permission(raw: str) -> str:
    """Parse a permission, `resource:action`.

    Raises:
        BadInput: it is none.
    """
    if not _PERMISSION.fullmatch(raw):
        raise BadInput({"permission": "A permission reads resource:action, such as notes:delete."})
    return raw
