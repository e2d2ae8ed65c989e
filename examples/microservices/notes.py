"""The notes, on FastAPI: people come through the gateway, and their bills are asked of the other service."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Response

from coatcheck.integrations.fastapi import CurrentUser, use
from coatcheck.verifier import ServiceTokens, Verifier

ISSUER, OWN, BILLS = (os.environ[name] for name in ("ISSUER", "OWN_AUDIENCE", "BILLS_AUDIENCE"))
CREDENTIALS = os.environ["SERVICE_ID"], os.environ["SERVICE_SECRET"]

verifier = Verifier(ISSUER, audience=OWN, credentials=CREDENTIALS)
tokens = ServiceTokens(ISSUER, credentials=CREDENTIALS)
bills = httpx.AsyncClient(base_url=os.environ["BILLS_INSIDE"])


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Follow what is revoked from the start, not from the first request."""
    with verifier, tokens:
        yield
    await bills.aclose()


app = FastAPI(lifespan=lifespan)
use(app, verifier)


@app.get("/ready")
async def ready(answer: Response) -> dict[str, bool]:
    """Tell whether requests can be served: the first news of what is revoked take some seconds."""
    answer.status_code = 200 if verifier.is_fresh else 503
    return {"ready": verifier.is_fresh}


@app.get("/notes")
async def notes(me: CurrentUser) -> dict[str, object]:
    """List the notes of whoever asks."""
    return {"notes": ["buy milk"], "of": me.subject}


@app.get("/owed")
async def owed(me: CurrentUser) -> dict[str, object]:
    """Ask the bills, as ourselves: they trust this service to say for whom."""
    header = await tokens.header(BILLS)
    answer = await bills.get(f"/bills/of/{me.subject}", headers={"authorization": header})
    return {"owed": answer.raise_for_status().json()["bills"], "of": me.subject}
