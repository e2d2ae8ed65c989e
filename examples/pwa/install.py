"""Puts the notes into an app: their API, and the shell that a browser can install."""

from pathlib import Path

from fastapi import FastAPI

from coatcheck.clock import Clock
from examples.pwa import api
from examples.pwa.notebook import Notebook
from examples.pwa.problem import Problem, answer_problem
from examples.pwa.shell import shell


def add_notes(app: FastAPI, file: Path, *, at: str = "", auth: str = "/auth", clock: Clock | None = None) -> None:
    """Add the notes to an app in which Coatcheck is mounted.

    Args:
        file: where the notes are kept.
        at: the path that all of it is below; its service worker sees nothing above.
        auth: the path at which Coatcheck is.
        clock: the time; tests pass one they can set.
    """
    app.state.notebook = Notebook(file, clock)
    app.add_exception_handler(Problem, answer_problem)
    app.include_router(api.router, prefix=at)
    app.include_router(shell(auth), prefix=at, include_in_schema=False)
