"""The settings of tokens: what may be done offline is named as permissions are."""

import pytest

from coatcheck.errors import ConfigurationError
from coatcheck.settings.read import read_settings


@pytest.mark.parametrize("scope", ["", "notes", ":write", "notes:", "*"])
def test_what_may_be_done_offline_is_a_permission(scope: str) -> None:
    with pytest.raises(ConfigurationError, match=r"tokens\.offline_scopes: .* is no permission"):
        read_settings(None, {}, {"tokens": {"offline_scopes": [scope]}})


def test_permissions_are_taken_from_the_environment() -> None:
    environ = {"COATCHECK_TOKENS__OFFLINE_SCOPES": "notes:read, notes:write"}
    assert read_settings(None, environ).tokens.offline_scopes == ("notes:read", "notes:write")
