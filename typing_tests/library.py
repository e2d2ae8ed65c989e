"""What an app's type checker says of the library: read by mypy in `make check`, never run.

`assert_type` fails when a public type changes; an ignore fails when what it ignores becomes right.
"""

from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any, assert_type

from fastapi import FastAPI, WebSocket
from flask import Flask

from coatcheck import Coatcheck
from coatcheck.integrations.fastapi import CurrentUser, minutes, require
from coatcheck.integrations.fastapi import use as use_in_fastapi
from coatcheck.integrations.flask import current_user as flask_user
from coatcheck.integrations.flask import require as require_in_flask
from coatcheck.integrations.flask import use as use_in_flask
from coatcheck.integrations.sockets import authenticated_socket
from coatcheck.settings import Settings
from coatcheck.testing.authenticator import FixedAuthenticator
from coatcheck.verifier import Asked, Authenticator, Demand, Principal, SyncAuthenticator, refusal

auth = Coatcheck("sqlite:///app.db", sessions={"cookie_idle": "2h"})
app = FastAPI(lifespan=auth.lifespan)

assert_type(auth, Coatcheck)
assert_type(Coatcheck.from_config("coatcheck.toml"), Coatcheck)
assert_type(Coatcheck.from_settings(Settings()), Coatcheck)
lifespan: AbstractAsyncContextManager[None] = auth.lifespan(app)
assert_type(minutes(5), timedelta)
assert_type(require(permission="notes:delete", role="editor", fresh=minutes(5)), Any)

auth.mount(app, "/auth")
takes_anything_that_authenticates: Authenticator = auth
fixed = FixedAuthenticator({"ann": Principal(subject="acc_ann")})
in_a_loop: Authenticator = fixed
without_one: SyncAuthenticator = fixed
without_a_loop_it_cannot: SyncAuthenticator = auth  # type: ignore[assignment]
use_in_fastapi(app, auth)
use_in_flask(Flask("notes"), fixed)
use_in_flask(Flask("notes"), auth)  # type: ignore[arg-type]

Coatcheck("sqlite:///app.db", sessions="2h")  # type: ignore[arg-type]
require("editor")  # type: ignore[call-arg]
require(fresh=300)  # type: ignore[arg-type]
Demand(role=1)  # type: ignore[arg-type]
auth.mount(app, path=None)  # type: ignore[arg-type]


@app.get("/notes")
async def notes(me: CurrentUser) -> str:
    """See the principal as a handler does."""
    assert_type(me, Principal)
    assert_type(me.subject, str)
    assert_type(me.session, str | None)
    assert_type(me.roles, frozenset[str])
    assert_type(me.scopes, frozenset[str] | None)
    assert_type(me.cnf, str | None)
    assert_type(me.may("notes:delete"), bool)
    me.roles = frozenset()  # type: ignore[misc]
    return me.subject


async def authenticate_by_hand() -> None:
    """Ask who is behind a request, without a framework."""
    principal = await auth.authenticate(Asked(method="GET", url="https://example.org/notes", cookies="a=b"))
    assert_type(principal, Principal)
    problem = refusal(Demand(role="editor"), principal, now=0)
    if problem is not None:
        assert_type(problem.code, str)
        assert_type(problem.status, int)
        raise problem
    await auth.note("note.deleted", account=principal.subject, details={"note": 1})


@require_in_flask(permission="notes:delete")
def delete(note: int) -> str:
    """Keep the types of a view that is guarded."""
    assert_type(flask_user(), Principal)
    return str(note)


assert_type(delete(1), str)
delete("1")  # type: ignore[arg-type]


async def talk(websocket: WebSocket) -> None:
    """See a socket as a handler does."""
    async with authenticated_socket(websocket) as live:
        assert_type(live.principal, Principal)
        async for message in live:
            assert_type(message, str | bytes)
