"""Schemathesis over the OpenAPI document, against a real server: every call keeps what the document says of it."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Err

from coatcheck.admin.create_account import create_account
from coatcheck.server.coatcheck import Coatcheck
from coatcheck.settings.master_key import make_key_file
from coatcheck.settings.read import read_settings
from coatcheck.visit import Visit
from tests.ready import hashing_cheaply
from tests.site import PASSWORD
from tests.web.live import served

QUICK = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
NEVER_REACHED = {"address_per_hour": 10_000_000, "account_per_day": 10_000_000, "overall_per_second": 100_000}

# What the document cannot say of good data: a link that is gone, a password too plain, too many tries.
CONFIG = SchemathesisConfig.from_dict(
    {
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", "410", "422", "429"]},
            "negative_data_rejection": {"expected-statuses": ["400", "401", "404", "405", "413", "415", "422", "429"]},
        }
    }
)


class OfAnn:
    """Make an app in which Ann has an account before the first request."""

    def __init__(self, auth: Coatcheck) -> None:
        self._auth = auth
        self._ready = False

    async def __call__(self, scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        if scope["type"] == "http" and not self._ready:
            self._ready = True
            await create_account(self._auth.desk, Visit(), email="ann@example.org", password=PASSWORD, actor="operator")
        await self._auth.app(scope, receive, send)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a site on SQLite."""
    folder = tmp_path_factory.mktemp("schemathesis")
    with served(lambda port: OfAnn(_site(folder, port))) as port:
        yield f"http://localhost:{port}"


def _site(folder: Path, port: int) -> Coatcheck:
    make_key_file(folder / "master.key")
    overrides: dict[str, Mapping[str, object]] = {
        "database": {"url": f"sqlite:///{folder / 'site.db'}"},
        "secret": {"master_key_file": str(folder / "master.key")},
        "server": {"public_url": f"http://localhost:{port}"},
        "limits": NEVER_REACHED,
    }
    return Coatcheck.from_settings(hashing_cheaply(read_settings(None, {}, overrides)), base=folder)


@pytest.fixture(scope="module")
def session(url: str) -> str:
    """Sign Ann in and give her session's secret."""
    answer = httpx.post(f"{url}/api/sign-in", json={"identifier": "ann@example.org", "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return answer.cookies["coatcheck-session"]


@pytest.fixture(scope="module")
def document(url: str) -> schemathesis.BaseSchema:
    """Read the document from the server."""
    return schemathesis.openapi.from_url(f"{url}/api/openapi.json", config=CONFIG)


def check(document: schemathesis.BaseSchema, cookies: dict[str, str], *, leave_out: tuple[str, ...] = ()) -> list[str]:
    """Try every call with good and with bad data; give the calls that were tried."""
    tried = []
    for found in document.get_all_operations():
        assert not isinstance(found, Err), found
        operation = found.ok()
        if operation.path in leave_out:
            continue
        tried.append(operation.label)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _check_one(operation.as_strategy(generation_mode=mode), cookies)
    return tried


def _check_one(cases: SearchStrategy[schemathesis.Case[Any]], cookies: dict[str, str]) -> None:
    @QUICK
    @given(case=cases)
    def keeps_its_word(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(cookies=cookies)

    with suppress(Unsatisfiable):  # a call that takes nothing has no bad data
        keeps_its_word()


def test_signed_out(document: schemathesis.BaseSchema) -> None:
    tried = check(document, {})
    assert "GET /api/session" in tried
    assert len(tried) > 12


def test_signed_in(document: schemathesis.BaseSchema, session: str) -> None:
    # These would end the session that the other calls are tried with.
    check(document, {"coatcheck-session": session}, leave_out=("/api/sign-out", "/api/account/panic"))
