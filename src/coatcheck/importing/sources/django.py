"""django.contrib.auth: its users, or those of a model of the site's own, and their groups.

Django never asks whether an address is its owner's, so none is verified. Its groups are roles by their names, its flags
are the roles `is_superuser` and `is_staff`; each becomes one of ours where the operator says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from coatcheck.importing.account import ImportedAccount, ImportedHash, Row
from coatcheck.importing.sources.records import FoundRow, Tables
from coatcheck.importing.sources.spelling import id_of, moment_of, text_of

NAME = "django"
_UNUSABLE: Final = "!"
_FLAGS: Final = ("is_superuser", "is_staff")
_USER = ("username", "email", "password", "is_active", "date_joined", *_FLAGS)


class Django:
    """Read the accounts of a Django site.

    Args:
        url: its database.
        users: the table of its users: another than `auth_user` where the site has a model of its own.
        key: that table's primary key.
    """

    name = NAME

    def __init__(self, url: str, *, users: str = "auth_user", key: str = "id") -> None:
        self._tables = Tables(url)
        self._users = users
        self._key = key

    def count(self) -> int | None:
        """Count the users."""
        self._tables.demand(self._users, self._key, "password")
        return self._tables.count(self._users)

    def rows(self) -> Iterator[Row]:
        """Give every user.

        Raises:
            ConfigurationError: the database cannot be read, or has no such tables.
        """
        try:
            for user, roles in self._with_roles():
                yield account_of(user, self._key, roles)
        finally:
            self._tables.close()

    def _with_roles(self) -> Iterator[tuple[FoundRow, tuple[str, ...]]]:
        for page, groups in pages_of(self._tables, self._users, self._key):
            for user in page:
                yield user, roles_of(user, groups.get(user[self._key], ()))


def pages_of(tables: Tables, users: str, key: str) -> Iterator[tuple[list[FoundRow], Mapping[Any, Sequence[str]]]]:
    """Give the users of a Django site by pages, and the names of the groups that each is in.

    Raises:
        ConfigurationError: the database cannot be read, or has no such tables.
    """
    tables.demand(users, key, "password")
    names = _group_names(tables)
    between = f"{users}_groups"
    # A model of the site's own names this column after itself.
    owner = next((each for each in tables.columns(between) if each not in ("id", "group_id")), "")
    for page in tables.pages(users, _USER, key=key):
        ids = [each[key] for each in page]
        found = tables.of(between, ("group_id",), owner=owner, owners=ids) if owner and names else {}
        yield page, {each: [names[row["group_id"]] for row in rows] for each, rows in found.items()}


def roles_of(user: FoundRow, groups: Sequence[str]) -> tuple[str, ...]:
    """Give the source's roles of a user: the names of groups, and Django's own flags."""
    return (*(flag for flag in _FLAGS if user.get(flag)), *(each for each in groups if each not in _FLAGS))


def account_of(user: FoundRow, key: str, roles: tuple[str, ...]) -> ImportedAccount:
    """Give a user of Django as an account, whose address nobody has confirmed."""
    hashed = text_of(user["password"])
    return ImportedAccount(
        external_id=id_of(user[key]),
        email=text_of(user.get("email")),
        username=text_of(user.get("username")),
        password=ImportedHash(hashed) if hashed and not hashed.startswith(_UNUSABLE) else None,
        locked=not user.get("is_active", True),
        created_at=moment_of(user.get("date_joined")),
        roles=roles,
    )


def _group_names(tables: Tables) -> dict[Any, str]:
    pages = tables.pages("auth_group", ("name",)) if tables.has("auth_group") else ()
    return {row["id"]: str(row["name"]) for page in pages for row in page}
