"""A FastAPI app with one route and SQLAlchemy on SQLite: what an app weighs before it has any authentication."""

import sys

from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bench.servers.one_worker import serve

if __name__ == "__main__":
    app = FastAPI()
    engine = create_async_engine(f"sqlite+aiosqlite:///{sys.argv[2]}/bare.db")

    @app.get("/healthz")
    async def show() -> dict[str, int]:
        """Ask the database for a number."""
        async with engine.connect() as connection:
            return {"one": int((await connection.execute(text("SELECT 1"))).scalar_one())}

    serve(app, int(sys.argv[1]))
