"""Puts the notes into an app: their API, and the shell that a browser can install."""

from pathlib import Path

from fastapi import FastAPI

from coatcheck.clock import Clock
from examples.pwa import api
from examples.pwa.notebook import Notebook
from examples.pwa.problem import Problem, answer_problem


def add_notes(app: FastAPI, file: Path, *, at: str = "", clock: Clock | None = None) -> None:
    """Add the notes to an app that has Coatcheck at /auth.

    Args:
        file: where the notes are kept.
        at: the path that all of it is below; a service worker sees nothing above it.
        clock: the time; tests pass one they can set.
    """
    app.state.notebook = Notebook(file, clock)
    app.add_exception_handler(Problem, answer_problem)
    app.include_router(api.router, prefix=at)
