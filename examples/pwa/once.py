"""What is asked for is done once, however often it is sent: `Idempotency-Key`, kept where the notes are.

    key known, same request    → the answer there was      key known, another request → 422
    key new                    → done, and its answer kept, in one transaction
    the first is still running → the second waits for it: there is one writer at a time

A refusal changes nothing, so it is not kept: the same request is judged anew when it comes again.
See draft-ietf-httpapi-idempotency-key-header.
"""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from fastapi import Request
from starlette.responses import JSONResponse, Response

from coatcheck.integrations.fastapi import CurrentUser
from examples.pwa.notebook import Notebook
from examples.pwa.problem import Problem

KEPT_MS = 8 * 24 * 60 * 60 * 1000  # a day longer than a session lives that nobody uses: it sends nothing any more
LARGEST = 64 * 1024  # bytes of a body
LONGEST_KEY = 200


@dataclass(frozen=True)
class Order:
    """Hold what is asked for, by whom, and the key by which it is known when it comes again.

    Args:
        digest: of all that says what is to be done.
        match: the version that it is about, as `If-Match` named it.
    """

    account: str
    key: str
    digest: bytes
    match: str | None
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """Hold an answer that can be given again."""

    status: int
    etag: str | None = None
    body: dict[str, Any] | None = None


async def read_order(request: Request, me: CurrentUser) -> Order:
    """Read what somebody signed in asks for.

    Raises:
        Problem: there is no key, or the body is too large.
    """
    key = request.headers.get("idempotency-key", "")
    if not 1 <= len(key) <= LONGEST_KEY:
        raise Problem(
            400, "key_needed", f"Send an Idempotency-Key of at most {LONGEST_KEY} letters, new for each order."
        )
    match = request.headers.get("if-match")
    body = await read_body(request)
    said = [request.method.encode(), request.url.path.encode(), (match or "").encode(), body]
    # The length of each goes first, so that no two orders read the same.
    digest = sha256(b"".join(len(part).to_bytes(8) + part for part in said)).digest()
    return Order(me.subject, key, digest, match, body)


async def read_body(request: Request) -> bytes:
    """Read a body that is not too large.

    Raises:
        Problem: it is.
    """
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            raise Problem(413, "too_large", "This note is too long.")
    return body


def do_once(notebook: Notebook, order: Order, do: Callable[[sqlite3.Connection], Answer]) -> Response:
    """Do what is asked for unless it was done, and give its answer.

    Args:
        do: what to do, in the transaction in which its answer is kept.

    Raises:
        Problem: the key was used for something else, or whatever `do` refuses; nothing has changed then.
    """
    now = notebook.clock.now()
    with notebook.writing() as db:
        db.execute("DELETE FROM answers WHERE kept_until <= ?", (now,))
        known = find_answer(db, order)
        answer = known or do(db)
        if known is None:
            keep_answer(db, order, answer, until=now + KEPT_MS)
    return response_of(answer, is_repeated=known is not None)


def find_answer(db: sqlite3.Connection, order: Order) -> Answer | None:
    """Give the answer that an order has had.

    Raises:
        Problem: its key was used for another one.
    """
    found = db.execute(
        "SELECT digest, status, etag, body FROM answers WHERE account = ? AND key = ?", (order.account, order.key)
    ).fetchone()
    if found is None:
        return None
    digest, status, etag, body = found
    if digest != order.digest:
        raise Problem(422, "key_used", "This Idempotency-Key was used for another request.")
    return Answer(status, etag, json.loads(body))


def keep_answer(db: sqlite3.Connection, order: Order, answer: Answer, *, until: int) -> None:
    """Keep an answer for when its order comes again."""
    db.execute(
        "INSERT INTO answers (account, key, digest, status, etag, body, kept_until) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (order.account, order.key, order.digest, answer.status, answer.etag, json.dumps(answer.body), until),
    )


def response_of(answer: Answer, *, is_repeated: bool) -> Response:
    """Give an answer as it is sent."""
    headers = {"cache-control": "no-store"}
    if answer.etag is not None:
        headers["etag"] = answer.etag
    if is_repeated:
        headers["idempotent-replayed"] = "true"
    if answer.body is None:
        return Response(status_code=answer.status, headers=headers)
    return JSONResponse(answer.body, answer.status, headers)
