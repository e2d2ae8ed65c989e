"""FastAPI-Users with a cookie and its database strategy on SQLite, put together as its documentation does."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from fastapi import Depends, FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin
from fastapi_users.authentication import AuthenticationBackend, CookieTransport
from fastapi_users.authentication.strategy.db import AccessTokenDatabase, DatabaseStrategy
from fastapi_users.schemas import BaseUser, BaseUserCreate, BaseUserUpdate
from fastapi_users_db_sqlalchemy import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from fastapi_users_db_sqlalchemy.access_token import (
    SQLAlchemyAccessTokenDatabase,
    SQLAlchemyBaseAccessTokenTableUUID,
)
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from bench.servers.one_worker import serve


class Base(DeclarativeBase):
    """Gather the tables."""


class User(SQLAlchemyBaseUserTableUUID, Base):
    """Hold a user."""


class AccessToken(SQLAlchemyBaseAccessTokenTableUUID, Base):
    """Hold a token."""


class Read(BaseUser[UUID]):
    """Show a user."""


engine = create_async_engine(f"sqlite+aiosqlite:///{sys.argv[2]}/users.db")
open_session = async_sessionmaker(engine, expire_on_commit=False)


class Users(UUIDIDMixin, BaseUserManager[User, UUID]):
    """Manage users with nothing added."""


async def database_session() -> AsyncIterator[AsyncSession]:
    """Open a session for one request."""
    async with open_session() as session:
        yield session


async def users_of(session: AsyncSession = Depends(database_session)) -> AsyncIterator[Users]:  # noqa: B008
    """Give the users."""
    yield Users(SQLAlchemyUserDatabase(session, User))


async def tokens_of(
    session: AsyncSession = Depends(database_session),  # noqa: B008
) -> AsyncIterator[SQLAlchemyAccessTokenDatabase[AccessToken]]:
    """Give the tokens."""
    yield SQLAlchemyAccessTokenDatabase(session, AccessToken)


def strategy_of(
    tokens: AccessTokenDatabase[AccessToken] = Depends(tokens_of),  # noqa: B008
) -> DatabaseStrategy[User, UUID, AccessToken]:
    """Keep tokens in the database."""
    return DatabaseStrategy(tokens, lifetime_seconds=3600)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Make the tables."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield


transport = CookieTransport(cookie_max_age=3600, cookie_secure=False)
backend = AuthenticationBackend("cookie", transport, strategy_of)
users = FastAPIUsers[User, UUID](users_of, [backend])
app = FastAPI(lifespan=lifespan)
app.include_router(users.get_auth_router(backend), prefix="/auth")
app.include_router(users.get_register_router(Read, BaseUserCreate), prefix="/auth")
app.include_router(users.get_users_router(Read, BaseUserUpdate), prefix="/users")

if __name__ == "__main__":
    serve(app, int(sys.argv[1]))
