"""The app and a stranger's site, each on a real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.house import House, notes_app, strangers_site
from tests.web.live import served


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Serve the app at localhost and a stranger's site at 127.0.0.1: two sites to a browser."""
    with served(lambda port: notes_app(port, tmp_path)) as ours:
        url = f"http://localhost:{ours}"
        with served(lambda _port: strangers_site(url)) as theirs:
            yield House(url, f"http://127.0.0.1:{theirs}")
