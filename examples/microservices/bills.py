"""The bills, on Flask: people come through the gateway, the notes directly, as a service that may read all bills."""

import os

from flask import Flask

from coatcheck.integrations.flask import current_user, require, use
from coatcheck.verifier import Verifier

verifier = Verifier(
    os.environ["ISSUER"],
    audience=os.environ["OWN_AUDIENCE"],
    credentials=(os.environ["SERVICE_ID"], os.environ["SERVICE_SECRET"]),
)
verifier.start()
app = Flask(__name__)
use(app, verifier)


@app.get("/ready")
def ready() -> tuple[dict[str, bool], int]:
    """Tell whether requests can be served: the first news of what is revoked take some seconds."""
    return {"ready": verifier.is_fresh}, 200 if verifier.is_fresh else 503


@app.get("/bills")
def bills() -> dict[str, object]:
    """List the bills of whoever asks."""
    return {"bills": [12], "of": current_user().subject}


@app.get("/bills/of/<account>")
@require(permission="bills:read")
def bills_of(account: str) -> dict[str, object]:
    """List the bills of anybody, for a service that may."""
    return {"bills": [12], "of": account, "for": current_user().subject}
