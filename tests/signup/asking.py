"""Asking to sign up over the page, as people do."""

import httpx

from tests.site import PASSWORD, submit

OTHER = "another set of plain words"


async def ask(
    browser: httpx.AsyncClient, email: str = "ann@example.org", password: str = PASSWORD, **more: str
) -> None:
    """Send the sign-up form."""
    answer = await submit(browser, "/sign-up", "/sign-up", email=email, password=password, **more)
    assert answer.status_code == 200, answer.text
