"""What an app's type checker says of the library: read by mypy in `make check`, never run.

`assert_type` fails when a public type changes; an ignore fails when what it ignores becomes right.
"""

from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any, assert_type

from fastapi import FastAPI

from coatcheck import Coatcheck
from coatcheck.integrations.fastapi import CurrentUser, minutes, require
from coatcheck.settings import Settings
from coatcheck.verifier import Asked, Authenticator, Demand, Principal, refusal

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
