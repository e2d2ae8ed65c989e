"""A service on Litestar. Run it with `uvicorn examples.litestar_app.app:app --port 8400`."""

from litestar import Litestar, delete, get

from coatcheck.integrations.litestar import CoatcheckPlugin, CurrentUser, require
from examples.verifier import verifier


@get("/notes")
async def notes(current_user: CurrentUser) -> dict[str, object]:
    """List the notes of whoever asks."""
    return {"notes": [], "of": current_user.subject}


@delete("/notes", guards=[require(permission="notes:delete")])
async def clear() -> None:
    """Delete all notes."""


app = Litestar([notes, clear], plugins=[CoatcheckPlugin(verifier)])
