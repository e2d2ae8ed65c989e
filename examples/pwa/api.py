"""The notes' API: everybody has notes of their own, changes them by version, and orders each change once.

Tokens are checked by Coatcheck, bound ones too; nothing here knows of them.
"""

import sqlite3
from typing import Annotated, TypeVar
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from starlette.responses import JSONResponse, Response

from coatcheck.integrations.fastapi import CurrentUser, minutes, require
from coatcheck.verifier import Principal
from examples.pwa.notebook import Note, Notebook, find, keep, remove
from examples.pwa.once import Answer, Order, do_once, read_order
from examples.pwa.problem import Problem

router = APIRouter(prefix="/api/notes")

Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{8,64}$")]
Body = TypeVar("Body", bound=BaseModel)


class Changed(BaseModel):
    """Say what a note is to say."""

    model_config = ConfigDict(extra="forbid", strict=True)
    text: Text


class New(Changed):
    """Say what a new note says; whoever writes without the network names it, to change it before it is sent."""

    id: Id | None = None


def notebook_of(request: Request) -> Notebook:
    """Give the notebook of the app."""
    notebook: Notebook = request.app.state.notebook
    return notebook


Book = Annotated[Notebook, Depends(notebook_of)]
Ordered = Annotated[Order, Depends(read_order)]


@router.get("")
def list_notes(me: CurrentUser, book: Book) -> Response:
    """List one's own notes."""
    notes = [note.words() for note in book.notes_of(me.subject)]
    return JSONResponse({"notes": notes}, headers={"cache-control": "no-store"})


@router.post("")
def add_note(order: Ordered, book: Book) -> Response:
    """Write a note."""
    new = read(New, order)

    def add(db: sqlite3.Connection) -> Answer:
        note = Note(new.id or str(uuid4()), new.text, version=1, changed_at=book.clock.now())
        there = find(db, order.account, note.id)
        if there is not None:
            raise changed_meanwhile(there)
        return told(keep(db, order.account, note), 201)

    return do_once(book, order, add)


@router.put("/{note}")
def change_note(note: str, order: Ordered, book: Book) -> Response:
    """Change a note, if it still is what its writer had before them."""
    wanted = read(Changed, order)
    if order.match is None:
        raise Problem(428, "version_needed", "Say by If-Match which version is to be changed.")

    def change(db: sqlite3.Connection) -> Answer:
        there = find(db, order.account, note)
        if there is None or there.etag != order.match:
            raise changed_meanwhile(there)
        changed = Note(note, wanted.text, there.version + 1, book.clock.now())
        return told(keep(db, order.account, changed))

    return do_once(book, order, change)


@router.delete("/{note}")
def delete_note(note: str, order: Ordered, book: Book) -> Response:
    """Delete a note, if it still is what was seen of it; one that is gone already stays so."""

    def delete(db: sqlite3.Connection) -> Answer:
        there = find(db, order.account, note)
        if there is not None and order.match not in (None, there.etag):
            raise changed_meanwhile(there)
        remove(db, order.account, note)
        return Answer(204)

    return do_once(book, order, delete)


@router.delete("")
def delete_all(order: Ordered, book: Book, _me: Annotated[Principal, require(fresh=minutes(5))]) -> Response:
    """Delete all of one's notes: for somebody who has just shown that it is them."""

    def delete(db: sqlite3.Connection) -> Answer:
        return Answer(200, body={"deleted": remove(db, order.account)})

    return do_once(book, order, delete)


def read(kind: type[Body], order: Order) -> Body:
    """Read the body of an order.

    Raises:
        Problem: it is not what it has to be.
    """
    try:
        return kind.model_validate_json(order.body)
    except ValidationError as wrong:
        fields = {".".join(map(str, error["loc"])) or "body": error["msg"] for error in wrong.errors()}
        raise Problem(422, "invalid_input", "This is no note.", fields=fields) from None


def told(note: Note, status: int = 200) -> Answer:
    """Give the answer that tells a note."""
    return Answer(status, note.etag, note.words())


def changed_meanwhile(there: Note | None) -> Problem:
    """Refuse to overwrite what its writer has not seen, and show it, so that a person may choose.

    409 rather than 412: a queue that sends what was written earlier stops at it, and asks.
    """
    title = "This note was deleted meanwhile." if there is None else "This note was changed meanwhile."
    return Problem(409, "note_changed", title, note=there and there.words())
