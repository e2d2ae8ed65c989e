"""A notes board that leaves signing in to Coatcheck, mounted at /auth. Run it with `uvicorn examples.notes.app:app`.

Everybody signed in reads and adds notes; the permission `notes:delete` deletes them.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Form, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates

from coatcheck import Coatcheck
from coatcheck.integrations.fastapi import CurrentUser, require
from coatcheck.verifier import Principal

HERE = Path(__file__).parent
FOLDER = Path(os.environ.get("NOTES_FOLDER", HERE))  # coatcheck.toml is in it, and both databases
DELETE = "notes:delete"

auth = Coatcheck.from_config(FOLDER / "coatcheck.toml")
app = FastAPI(title="Notes", lifespan=auth.lifespan)
auth.mount(app, "/auth")
app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
pages = Jinja2Templates(directory=HERE / "templates")


@app.get("/")
def show_notes(request: Request, user: CurrentUser) -> Response:
    """Show the board; whoever is not signed in is sent to sign in, and back."""
    with board() as db:
        notes = db.execute("SELECT id, author, text FROM notes ORDER BY id DESC LIMIT 100").fetchall()
    shown = {"user": user, "notes": notes, "may_delete": user.may(DELETE), "is_admin": "admin" in user.roles}
    return pages.TemplateResponse(request, "notes.html", shown)


@app.post("/notes")
def add_note(user: CurrentUser, text: Annotated[str, Form(min_length=1, max_length=500)]) -> Response:
    """Put up a note. A form on another site cannot: Coatcheck refuses its cookie on a POST from elsewhere."""
    with board() as db:
        db.execute("INSERT INTO notes (author, text) VALUES (?, ?)", (user.email or user.username, text))
    return RedirectResponse("/", 303)


@app.post("/notes/{note}/delete")
async def delete_note(note: int, user: Annotated[Principal, require(permission=DELETE)]) -> Response:
    """Take a note down, and write it into the audit trail."""
    await run_in_threadpool(remove, note)
    await auth.note("note.deleted", account=user.subject, details={"note": note})
    return RedirectResponse("/", 303)


def remove(note: int) -> None:
    """Delete a note's row."""
    with board() as db:
        db.execute("DELETE FROM notes WHERE id = ?", (note,))


@contextmanager
def board() -> Iterator[sqlite3.Connection]:
    """Open the notes' own database, apart from the accounts, for one transaction."""
    db = sqlite3.connect(FOLDER / "notes.db")
    try:
        with db:
            db.execute("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, author TEXT, text TEXT)")
            yield db
    finally:
        db.close()
