"""What `make demo` serves: the board of notes, Coatcheck at /auth, and at /pwa the notes that a browser installs.

All of it is one site. The service worker and the manifest are below /pwa, so they have no say over the rest.
"""

from examples.notes.app import FOLDER, app
from examples.pwa.install import add_notes

__all__ = ["app"]

add_notes(app, FOLDER / "pwa.db", at="/pwa")
