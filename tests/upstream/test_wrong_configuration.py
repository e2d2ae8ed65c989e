"""A configuration error made the check fail open.

Auth.js (GHSA-8fpg-xm3f-6cx3): a provider that was not configured right made the check of a session answer with an
error object, which middleware took for a session: everybody was let in. Here there is no such state: a table that is
not right stops the start, before the database is touched, so nothing is served that could be taken for a yes.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from coatcheck.errors import ConfigurationError
from coatcheck.server.coatcheck import Coatcheck
from coatcheck.upstream.entries.entry import Entry, entry_names, read_entry
from tests.upstream.tables import KNOWN, OPEN_SERVER

BROKEN: dict[str, dict[str, Any]] = {
    "no client id": {"github": {"client_secret": "s"}},
    "no secret": {"github": {"client_id": "1"}},
    "an empty table": {"github": {}},
    "an unknown entry": {"githb": KNOWN},
    "no tenant": {"microsoft": KNOWN},
    "a tenant that is a pattern": {"microsoft": {**KNOWN, "tenant": "*"}},
    "no key": {"apple": KNOWN},
    "a key that is not there": {"apple": {**KNOWN, "key_file": "k.p8", "key_id": "A" * 10, "team_id": "B" * 10}},
    "an issuer in clear": {"acme": {**KNOWN, "entry": "oidc", "issuer": "http://id.example.org"}},
    "no issuer": {"acme": {**KNOWN, "entry": "oidc"}},
    "a token endpoint in clear": {"acme": {**KNOWN, **OPEN_SERVER, "token": "http://id.example.org/token"}},
    "a name that changes hands is no subject of ours to choose": {"github": {**KNOWN, "subject": "login"}},
    "an email that the flag does not speak of": {"github": {**KNOWN, "email": "userinfo: notification_email"}},
    "somebody else's server under a known name": {"google": {**KNOWN, "issuer": "https://id.example.org"}},
    "trust without domains": {"acme": {**KNOWN, "entry": "oidc", "issuer": "https://a.example", "trusts_email": True}},
    "one issuer twice": {"gitlab": KNOWN, "again": {**KNOWN, "entry": "gitlab"}},
    "one domain twice": {
        "google": {**KNOWN, "email_domains": ["acme.example"]},
        "gitlab": {**KNOWN, "email_domains": ["acme.example"]},
    },
}


@pytest.mark.parametrize("tables", BROKEN.values(), ids=BROKEN)
async def test_a_broken_provider_serves_nobody(tables: dict[str, Any], tmp_path: Path) -> None:
    settings: dict[str, Any] = {"providers": tables, "secret": {"master_key_file": str(tmp_path / "master.key")}}
    auth = Coatcheck(f"sqlite:///{tmp_path / 'app.db'}", **settings)
    with pytest.raises(ConfigurationError, match=r"^providers\.\w+"):
        await auth.open()
    assert os.listdir(tmp_path) == []
    with pytest.raises(ConfigurationError, match="not started"):
        _ = auth.desk


def test_no_entry_can_leave_the_state_out() -> None:
    """`state` is made by the one function that builds every request: entries have no word for it."""
    assert not [name for name in Entry.__struct_fields__ if "state" in name]
    ours = {"state", "nonce", "redirect_uri", "client_id", "response_type", "code_challenge", "code_challenge_method"}
    for name in entry_names():
        entry = read_entry(name)
        assert ours.isdisjoint({*entry.authorize, *entry.authorize_offline})
