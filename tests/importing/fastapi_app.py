"""Databases as an app with FastAPI-Users leaves them: its own tables, managers and hashes."""

import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fastapi_users.db import SQLAlchemyBaseOAuthAccountTableUUID, SQLAlchemyBaseUserTableUUID
from fastapi_users.password import PasswordHelper
from sqlalchemy import create_engine, insert, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase

HELPER = PasswordHelper()


class Base(DeclarativeBase):
    """Holds the app's tables."""


class OAuthAccount(SQLAlchemyBaseOAuthAccountTableUUID, Base):
    """A link of the app's."""


class User(SQLAlchemyBaseUserTableUUID, Base):
    """A user of the app's."""


def user(email: str, hashed: str, **more: Any) -> dict[str, Any]:
    """Give the row of a user as FastAPI-Users inserts it."""
    flags = {"is_active": True, "is_superuser": False, "is_verified": True}
    return {"id": uuid.uuid4(), "email": email, "hashed_password": hashed, **flags, **more}


def link(owner: dict[str, Any], provider: str, subject: str) -> dict[str, Any]:
    """Give the row of a user's link."""
    known = {"user_id": owner["id"], "oauth_name": provider, "account_id": subject, "account_email": owner["email"]}
    return {"id": uuid.uuid4(), "access_token": "at-secret", "expires_at": None, "refresh_token": None, **known}


def app_in_file(path: Path, users: Iterable[dict[str, Any]], links: Iterable[dict[str, Any]] = ()) -> str:
    """Make an app's SQLite database; give its address."""
    url = f"sqlite:///{path}"
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        for table, rows in ((User, list(users)), (OAuthAccount, list(links))):
            if rows:
                connection.execute(insert(table), rows)
    engine.dispose()
    return url


async def app_in_postgres(url: str, users: Iterable[dict[str, Any]], links: Iterable[dict[str, Any]] = ()) -> None:
    """Make an app's tables in an empty PostgreSQL database."""
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        for table, rows in ((User, list(users)), (OAuthAccount, list(links))):
            if rows:
                await connection.execute(insert(table), rows)
    await engine.dispose()
