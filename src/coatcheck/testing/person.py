"""A person for tests of apps: has an account, and signs in by whatever the site asks for, mailed codes included."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from coatcheck.admin.create_account import create_account
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.desk.outbox import waiting_mails
from coatcheck.mfa.totp import code_at, step_of
from coatcheck.secret import random_bytes
from coatcheck.server.coatcheck import Coatcheck
from coatcheck.testing.soft_passkey import SoftPasskey
from coatcheck.visit import Visit

_TESTS: Final = "tests"
_CODE: Final = re.compile(r"^(\d{4} \d{4})$", re.MULTILINE)
_STEPS: Final = ("password", "passkey", "totp", "enrol_passkey", "enrol_totp", "email_code")
"""What a person here can prove, what is quickest first."""


@dataclass
class Person:
    """Hold a person of a site that is open in this process.

    Args:
        auth: the site.
        account: `acc_…`.

    Example:
        ann = await Person.join(auth, "ann@example.org", permissions=["notes:delete"])
        answer = await ann.sign_in(client)
    """

    auth: Coatcheck
    account: str
    email: str
    password: str = field(repr=False)
    _passkey: SoftPasskey | None = field(default=None, repr=False)
    _app_key: bytes = field(default=b"", repr=False)

    @classmethod
    async def join(cls, auth: Coatcheck, email: str, *, permissions: Sequence[str] = ()) -> "Person":
        """Make an account with a password that nobody has, and with a role that allows so much."""
        password = base64.b32encode(random_bytes(20)).decode().lower()
        made = await create_account(auth.desk, Visit(), email=email, password=password, actor=_TESTS)
        if permissions:
            role = f"of-{made.id[4:16].lower()}"
            await create_role(auth.desk, Visit(), role=role, permissions=permissions, actor=_TESTS)
            await grant_role(auth.desk, Visit(), account=made.id, role=role, actor=_TESTS)
        return cls(auth, made.id, email, password)

    async def sign_in(self, client: httpx.AsyncClient, **more: object) -> httpx.Response:
        """Sign in as far as the site asks; give its last answer.

        Args:
            client: with the address of Coatcheck as its `base_url`, the mount included.
            more: what else the first call says, such as `present="tokens"`.
        """
        body = {"identifier": self.email, "password": self.password, **more}
        answer = await client.post("/api/sign-in", json=body)
        while answer.status_code == 200 and answer.json()["status"] == "more_needed":
            answer = await self._go_on(client, answer.json())
        return answer

    async def _go_on(self, client: httpx.AsyncClient, waiting: dict[str, Any]) -> httpx.Response:
        able = [each for each in _STEPS if each in waiting["options"] and self._has(each)]
        if not able:
            raise ValueError(f"nobody here can prove any of {', '.join(waiting['options'])}")
        step, path = able[0], f"/api/sign-in/{waiting['sign_in']}/{able[0]}"
        body = {"continuation": waiting["continuation"]}
        started: dict[str, Any] = {}
        if step not in ("password", "totp"):
            start = await client.post(f"{path}/start", json=body)
            if start.status_code >= 400:
                return start
            started = start.json() if start.content else {}
        return await client.post(path, json={**body, **await self._proof(client, step, started)})

    async def _proof(self, client: httpx.AsyncClient, step: str, started: dict[str, Any]) -> dict[str, Any]:
        match step:
            case "password":
                return {"password": self.password}
            case "passkey" | "enrol_passkey":
                return {"credential": self._by_passkey(client, step, started)}
            case "email_code":
                return {"code": await self.mailed_code()}
            case "enrol_totp":
                self._app_key = base64.b32decode(started["secret"] + "=" * (-len(started["secret"]) % 8))
        return {"code": code_at(self._app_key, step_of(self.auth.desk.now()))}

    def _by_passkey(self, client: httpx.AsyncClient, step: str, options: dict[str, Any]) -> dict[str, Any]:
        if self._passkey is None:
            own = urlsplit(str(client.base_url))
            self._passkey = SoftPasskey(f"{own.scheme}://{own.netloc}")
        return self._passkey.make(options) if step == "enrol_passkey" else self._passkey.use(options)

    async def mailed_code(self) -> str:
        """Give the code of the newest mail to this person that waits.

        Raises:
            ValueError: none waits.
        """
        for mail in await waiting_mails(self.auth.desk):
            found = _CODE.search(mail.message.text) if mail.message.to == self.email else None
            if found:
                return found[1]
        raise ValueError(f"no mail to {self.email} has a code")

    def _has(self, step: str) -> bool:
        return {"passkey": self._passkey is not None, "totp": bool(self._app_key)}.get(step, True)
