"""FastAPI-Users: its tables `user` and `oauth_account`, as fastapi-users-db-sqlalchemy makes them.

Its hashes are pwdlib's or passlib's, argon2id or bcrypt, and read as they are. It signs people in by their addresses
alone; `is_verified` is false unless the app verifies them. A link is believed under the provider's own id of the
person, its `account_id`.
"""

from collections.abc import Iterator, Sequence

from coatcheck.importing.account import ImportedAccount, ImportedHash, ImportedIdentity, Row
from coatcheck.importing.sources.records import FoundRow, Tables
from coatcheck.importing.sources.spelling import id_of, moment_of, text_of

NAME = "fastapi-users"
_USER = ("email", "hashed_password", "is_active", "is_superuser", "is_verified", "created_at")
_NEEDED = ("id", "email", "hashed_password", "is_active", "is_verified")
_LINK = ("id", "oauth_name", "account_id", "account_email")
_GOOGLES = "people/"


class FastApiUsers:
    """Read the accounts of an app that uses FastAPI-Users.

    Args:
        url: its database.
        users: the table of its users, with its schema before a dot where it has one.
        links: the table of their links to providers, which need not be there.
    """

    name = NAME

    def __init__(self, url: str, *, users: str = "user", links: str = "oauth_account") -> None:
        self._tables = Tables(url)
        self._users = users
        self._links = links

    def count(self) -> int | None:
        """Count the users."""
        self._tables.demand(self._users, *_NEEDED)
        return self._tables.count(self._users)

    def rows(self) -> Iterator[Row]:
        """Give every user.

        Raises:
            ConfigurationError: the database cannot be read, or has no such tables.
        """
        try:
            self._tables.demand(self._users, *_NEEDED)
            for page in self._tables.pages(self._users, _USER):
                ids = [each["id"] for each in page]
                links = self._tables.of(self._links, _LINK, owner="user_id", owners=ids)
                for user in page:
                    yield _account(user, links.get(user["id"], ()))
        finally:
            self._tables.close()


def _account(user: FoundRow, links: Sequence[FoundRow]) -> ImportedAccount:
    hashed = text_of(user["hashed_password"])
    return ImportedAccount(
        external_id=id_of(user["id"]),
        email=text_of(user["email"]),
        email_verified=bool(user["is_verified"]),
        password=ImportedHash(hashed) if hashed else None,
        locked=not user["is_active"],
        created_at=moment_of(user.get("created_at")),
        roles=("is_superuser",) if user.get("is_superuser") else (),
        identities=tuple(map(_identity, links)),
    )


def _identity(link: FoundRow) -> ImportedIdentity:
    subject = str(link["account_id"])
    if link["oauth_name"] == "google":
        # It asks Google's People API, which names people like this around the `sub` that everybody else gets.
        subject = subject.removeprefix(_GOOGLES)
    return ImportedIdentity(provider=str(link["oauth_name"]), subject=subject, email=text_of(link.get("account_email")))
