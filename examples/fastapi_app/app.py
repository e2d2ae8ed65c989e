"""A service on FastAPI, with a WebSocket. Run it with `uvicorn examples.fastapi_app.app:app --port 8400`."""

from fastapi import FastAPI, WebSocket

from coatcheck.integrations.fastapi import CurrentUser, require, use
from coatcheck.integrations.sockets import authenticated_socket
from examples.verifier import verifier

app = FastAPI()
use(app, verifier)


@app.get("/notes")
async def notes(me: CurrentUser) -> dict[str, object]:
    """List the notes of whoever asks."""
    return {"notes": [], "of": me.subject}


@app.delete("/notes", dependencies=[require(permission="notes:delete")])
async def clear() -> dict[str, object]:
    """Delete all notes."""
    return {"notes": []}


@app.websocket("/chat")
async def chat(websocket: WebSocket) -> None:
    """Talk until the session ends; the first message is `{"authorization": "Bearer …"}`."""
    async with authenticated_socket(websocket) as live:
        async for message in live:
            await websocket.send_text(f"{live.principal.subject}: {message}")
