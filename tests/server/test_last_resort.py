"""Nothing ends without an answer, and no answer to a failure says what failed."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.site import Site


@pytest.mark.parametrize("path", ["/account", "/api/sessions"])
async def test_a_failure_is_answered_once(site: Site, path: str, capsys: pytest.CaptureFixture[str]) -> None:
    await site.person()
    browser = await site.signed_in()
    async with site.desk.database.writing() as tx:
        await tx.execute(text("ALTER TABLE sessions RENAME TO sessions_away"))
        await tx.execute(text("ALTER TABLE audit_events RENAME TO audit_events_away"))
    answer: Any = await browser.get(path)
    assert answer.status_code == 500
    assert "sessions" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["x-request-id"] in capsys.readouterr().out
