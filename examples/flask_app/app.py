"""A service on Flask. Run it with `flask --app examples.flask_app.app run --port 8400`."""

from flask import Flask

from coatcheck.integrations.flask import current_user, require, use
from examples.verifier import verifier

app = Flask(__name__)
use(app, verifier)


@app.get("/notes")
def notes() -> dict[str, object]:
    """List the notes of whoever asks."""
    return {"notes": [], "of": current_user().subject}


@app.delete("/notes")
@require(permission="notes:delete")
async def clear() -> dict[str, object]:
    """Delete all notes."""
    return {"notes": []}
