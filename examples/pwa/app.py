"""Notes to install, which work without the network. Run it with `uvicorn examples.pwa.app:app --port 8400`.

Signing in is Coatcheck's, mounted at /auth; the page goes by its browser SDK.
"""

import os
from pathlib import Path

from fastapi import FastAPI

from coatcheck import Coatcheck
from examples.pwa.install import add_notes

FOLDER = Path(os.environ.get("NOTES_FOLDER", Path(__file__).parent))  # coatcheck.toml is in it, and both databases

auth = Coatcheck.from_config(FOLDER / "coatcheck.toml")
app = FastAPI(title="Notes", lifespan=auth.lifespan)
auth.mount(app, "/auth")
add_notes(app, FOLDER / "notes.db")
