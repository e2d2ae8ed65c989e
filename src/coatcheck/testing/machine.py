"""A machine for tests of apps: a service that is registered, and gets tokens of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from coatcheck.admin.services import create_service
from coatcheck.secret import Secret
from coatcheck.server.coatcheck import Coatcheck
from coatcheck.visit import Visit


@dataclass(frozen=True)
class Machine:
    """Hold a service of a site that is open in this process.

    Example:
        robot = await Machine.join(auth, "robot", permissions=["reports:read"])
        headers = {"authorization": f"Bearer {await robot.token(client)}"}
    """

    id: str
    secret: str = field(repr=False)

    @classmethod
    async def join(
        cls,
        auth: Coatcheck,
        name: str,
        *,
        permissions: Sequence[str] = (),
        calls: Sequence[str] = (),
        serves: Sequence[str] = (),
    ) -> "Machine":
        """Register a service.

        Args:
            permissions: what it may do.
            calls: whom its tokens may be for, beside the site itself.
            serves: the audiences that it is.
        """
        made = await create_service(
            auth.desk, Visit(), name=name, permissions=permissions, calls=calls, serves=serves,
            public_key=None, actor="tests",
        )  # fmt: skip
        return cls(made.id, (made.secret or Secret("")).reveal())

    async def token(self, client: httpx.AsyncClient, **more: str) -> str:
        """Get an access token.

        Args:
            client: with the address of Coatcheck as its `base_url`, the mount included.
            more: what else is asked for, such as `audience` or `scope`.
        """
        asked = {"grant_type": "client_credentials", **more}
        answer = await client.post("/oauth/token", data=asked, auth=(self.id, self.secret))
        token: str = answer.raise_for_status().json()["access_token"]
        return token
