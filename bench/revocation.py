"""How long a token is accepted after its revocation: by verifiers at the feed of another worker, and at home."""

import asyncio
import json
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import httpx

from bench.place import SETTINGS, coatcheck_in, new_folder
from bench.processes import free_port, running
from bench.session_call import EMAIL, PASSWORD
from bench.table import Line
from coatcheck.admin.create_account import create_account
from coatcheck.admin.services import create_service
from coatcheck.errors import CoatcheckError
from coatcheck.verifier import Verifier
from coatcheck.visit import Visit

VERIFIERS = 3
CHECKS_PER_SECOND = 1_000
ROUNDS = 40
BOUND_MS = 250.0
_PATIENCE_S = 20.0


async def measure() -> list[Line]:
    """Revoke by one worker again and again, while three verifiers follow the other; and by the one that is asked."""
    with ExitStack() as stack:
        folder = stack.enter_context(new_folder())
        port = free_port()
        issuer = f"http://localhost:{port}"
        credentials = await _set_up(folder, issuer)
        stack.enter_context(running("ours_as_set", folder, answers="/healthz", port=port))
        revoking = stack.enter_context(running("ours_as_set", folder, answers="/healthz"))
        here, there = (
            stack.enter_context(httpx.Client(base_url=url, headers={"host": f"localhost:{port}"}))
            for url in (issuer, revoking.url)
        )
        verifiers = [stack.enter_context(Verifier(issuer, credentials=credentials)) for _ in range(VERIFIERS)]
        elsewhere = [took for _ in range(ROUNDS) for took in await asyncio.to_thread(_round, there, verifiers)]
        at_home = sum(_accepted_at_home(here) for _ in range(ROUNDS))
    p99 = quantiles(elsewhere, n=100, method="inclusive")[98]
    what = f"Last accepted after a revocation by another worker, p99 of {len(elsewhere)} : what is promised"
    home = f"Accepted by the worker that revoked, once of {ROUNDS} times : one"
    return [
        Line(what=what, ours=p99, other=BOUND_MS, unit="ms", bound="at most", target=1),
        Line(what=home, ours=at_home, other=1, unit="", bound="at most", target=0),
    ]


async def _set_up(folder: Path, issuer: str) -> tuple[str, str]:
    """Make an account and a service; give the credentials of the latter."""
    sections: dict[str, dict[str, object]] = {
        "server": {"public_url": issuer},
        "limits": {"overall_per_second": 1_000_000},
    }
    (folder / SETTINGS).write_text(json.dumps(sections))
    auth = coatcheck_in(folder, **sections)
    desk = await auth.open()
    await create_account(desk, Visit(), email=EMAIL, password=PASSWORD, username=None, actor="operator")
    made = await create_service(
        desk, Visit(), name="bench", permissions=[], calls=[], serves=[], public_key=None, actor="operator"
    )
    await auth.close()
    if made.secret is None:
        raise RuntimeError("the service has no secret")
    return made.id, made.secret.reveal()


@dataclass
class _Checking:
    """Check one token a thousand times a second, until it is refused."""

    verifier: Verifier
    token: str
    last: float = 0.0

    def __post_init__(self) -> None:
        self.accepted_one = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        due = time.perf_counter()
        while True:
            began = time.perf_counter()
            try:
                self.verifier.check(self.token)
            except CoatcheckError:
                if self.accepted_one.is_set():
                    return
            else:
                self.last = began
                self.accepted_one.set()
            due += 1 / CHECKS_PER_SECOND
            time.sleep(max(0.0, due - time.perf_counter()))


def _round(revoking: httpx.Client, verifiers: list[Verifier]) -> list[float]:
    """Give how many milliseconds after the answer each verifier accepted the token the last time."""
    access, refresh = _sign_in(revoking)
    checking = [_Checking(verifier, access) for verifier in verifiers]
    for each in checking:
        if not each.accepted_one.wait(_PATIENCE_S):
            raise RuntimeError("a verifier does not accept the token")
    revoking.post("/api/token/revoke", json={"token": refresh}).raise_for_status()
    revoked = time.perf_counter()
    for each in checking:
        each.thread.join(_PATIENCE_S)
        if each.thread.is_alive():
            raise RuntimeError("a verifier goes on accepting the token")
    return [max(0.0, each.last - revoked) * 1000 for each in checking]


def _accepted_at_home(worker: httpx.Client) -> bool:
    """Tell whether the worker that revoked a token accepts it once more."""
    access, refresh = _sign_in(worker)
    bearer = {"authorization": f"Bearer {access}"}
    worker.get("/api/session", headers=bearer).raise_for_status()
    worker.post("/api/token/revoke", json={"token": refresh}).raise_for_status()
    return worker.get("/api/session", headers=bearer).is_success


def _sign_in(worker: httpx.Client) -> tuple[str, str]:
    body = {"identifier": EMAIL, "password": PASSWORD, "present": "tokens"}
    answer = worker.post("/api/sign-in", json=body).raise_for_status().json()
    return answer["access_token"], answer["refresh_token"]
