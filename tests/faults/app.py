"""What a worker process serves in these tests: Coatcheck alone, set up by its environment."""

from starlette.types import ASGIApp

from coatcheck.server.coatcheck import Coatcheck


def make_app() -> ASGIApp:
    """Make the app, as `uvicorn --factory` asks."""
    return Coatcheck().app
