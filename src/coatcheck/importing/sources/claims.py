"""Names of roles in what another system keeps beside an account; none counts here unless it is mapped by name."""

from collections.abc import Iterator, Mapping


def role_names(claims: Mapping[str, object]) -> tuple[str, ...]:
    """Give what looks like a role: the texts under `role` and `roles`, and each name whose value is true."""
    return tuple(dict.fromkeys(_names(claims)))


def _names(claims: Mapping[str, object]) -> Iterator[str]:
    for name, value in claims.items():
        if value is True:
            yield name
        elif name in ("role", "roles"):
            yield from (each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str))
