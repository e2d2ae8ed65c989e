"""Secrets of services: long enough, told by their prefix and checksum, and hidden."""

import re
import zlib

from coatcheck.clients.client_secret import new_client_secret
from coatcheck.clients.registration import ServiceCredential


def test_its_form() -> None:
    secrets = {new_client_secret().reveal() for _ in range(500)}
    assert len(secrets) == 500
    assert all(re.fullmatch(r"ccs_[A-Za-z0-9_-]{32}[0-9a-z]{6}", each) for each in secrets)
    assert all(int(each[-6:], 36) == zlib.crc32(each[:-6].encode()) % 36**6 for each in secrets)


def test_it_hides_itself() -> None:
    secret = new_client_secret()
    credential = ServiceCredential(id="cred_", kind="secret", created_at=0, expires_at=1, secret_hash=secret.hashed())
    for shown in (repr(secret), str(secret), repr(credential)):
        assert secret.reveal() not in shown
        assert secret.hashed().hex() not in shown
        assert "secret_hash" not in shown
