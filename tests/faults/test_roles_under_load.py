"""A role taken away while everybody is busy: no service takes the old claim past the bound, nobody is signed out."""

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import pytest

from coatcheck.admin.create_account import create_account
from coatcheck.admin.roles import create_role, grant_role, revoke_role
from coatcheck.admin.services import create_service
from coatcheck.errors import RevocationUnknown, TokenRefused
from coatcheck.verifier.verifier import Verifier
from tests.faults.running import eventually
from tests.faults.workers import Deployment, workers
from tests.site import PASSWORD, VISIT, sign_in

PEOPLE = 6
BOUND = 10.0  # seconds: `max_staleness` of a verifier
ROLE = "editor"


@dataclass
class Busy:
    """Hold one person who has tokens checked by a service without a pause, and refreshes as clients do."""

    browser: httpx.AsyncClient
    tokens: dict[str, str]
    accepted: int = 0
    refreshed: int = 0
    last_as_editor: float = 0.0
    codes: list[str] = field(default_factory=list)

    async def work(self, verifier: Verifier, until: asyncio.Event) -> None:
        while not until.is_set():
            try:
                principal = verifier.check(self.tokens["access_token"])
            except TokenRefused:
                await self._refresh()
                continue
            self.accepted += 1
            if ROLE in principal.roles:
                self.last_as_editor = time.monotonic()
            await asyncio.sleep(0.001)

    async def _refresh(self) -> None:
        answer = await self.browser.post("/api/token/refresh", json={"refresh_token": self.tokens["refresh_token"]})
        if answer.status_code != 200:
            self.codes.append(answer.json()["code"])
            raise AssertionError(self.codes)
        self.tokens, self.refreshed = answer.json(), self.refreshed + 1

    @property
    def is_editor_no_more(self) -> bool:
        """Whether a token without the role was taken since."""
        return self.refreshed > 0 and time.monotonic() - self.last_as_editor > 0.5


async def test_a_role_taken_away_under_load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shared = Deployment(tmp_path)
    with workers(shared, 1) as [there]:
        async with shared.operator() as desk:
            await create_role(desk, VISIT, role=ROLE, permissions=["notes:edit"], actor="operator")
            people = [f"person{number}@example.org" for number in range(PEOPLE)]
            accounts = [
                (await create_account(desk, VISIT, email=email, password=PASSWORD, actor="operator")).id
                for email in people
            ]
            for account in accounts:
                await grant_role(desk, VISIT, account=account, role=ROLE, actor="operator")
            made = await create_service(
                desk, VISIT, name="notes", permissions=[], calls=[], serves=[], public_key=None, actor="operator"
            )
            assert made.secret is not None
            # The role is taken away by this process, people and the service ask the worker.
            busy = [Busy(there.person(number + 1), {}) for number in range(PEOPLE)]
            for person, email in zip(busy, people, strict=True):
                person.tokens = (await sign_in(person.browser, email, PASSWORD, present="tokens")).json()
            with Verifier(there.url, credentials=(made.id, made.secret)) as verifier:
                await eventually(partial(_takes, verifier, busy[0].tokens["access_token"]), True)
                done = asyncio.Event()
                working = [asyncio.create_task(person.work(verifier, done)) for person in busy]
                await eventually(partial(_all, busy, lambda person: person.last_as_editor > 0), True)
                taken = []
                for account in accounts:
                    await revoke_role(desk, VISIT, account=account, role=ROLE, actor="operator")
                    taken.append(time.monotonic())
                await eventually(partial(_all, busy, lambda person: person.is_editor_no_more), True)
                done.set()
                await asyncio.gather(*working, *(person.browser.aclose() for person in busy))
    late = [person.last_as_editor - when for person, when in zip(busy, taken, strict=True)]
    assert max(late) < BOUND
    assert all(person.refreshed == 1 for person in busy), "each refreshed once, and nobody was signed out"
    with capsys.disabled():
        checks = sum(person.accepted for person in busy)
        says = f"{max(late) * 1000:.0f} ms at most after it was taken away, in {checks} checks"
        print(f"\na role was accepted {says}", file=sys.stderr)  # noqa: T201 (CI shows it)


async def _all(busy: list[Busy], holds: Callable[[Busy], bool]) -> bool:
    return all(holds(person) for person in busy)


async def _takes(verifier: Verifier, token: str) -> bool:
    try:
        verifier.check(token)
    except (TokenRefused, RevocationUnknown):
        return False
    return True
