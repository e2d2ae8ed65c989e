"""The provider of the demo: a fake of `coatcheck.testing` on this machine, where a button says who you are.

It has no passwords, and is nobody else's: a site in earnest signs people in with a real one (docs/providers.md).
"""

import secrets
from collections.abc import Sequence
from typing import Final

from coatcheck.testing.providers import FakeGitHub, Someone

NEW: Final = "dora@example.org"
"""Who has no account here before she comes."""

_TABLE: Final = """
# It stands for somebody else's server: `make demo` starts it on this machine.
[providers.demo]
entry = "oauth2"
title = "Demo provider"
authorization = "{url}/login/oauth/authorize"
token = "{url}/login/oauth/access_token"
userinfo = "{url}/user"
emails = "{url}/user/emails"
scopes = ["user:email"]
subject = "id (number)"
name = "name"
email = "emails: email"
email_flag = "emails: verified"
checks_emails = true
private_network = ["127.0.0.0/8"]
client_id = "{client_id}"
client_secret = "{client_secret}"
"""


class DemoProvider(FakeGitHub):
    """Be a provider that nobody takes for a real one.

    Args:
        emails: whose buttons it shows, beside that of somebody new.
    """

    title = "Demo provider"

    def __init__(self, emails: Sequence[str]) -> None:
        people = [
            Someone(handle=email.partition("@")[0], number=number, name=email, email=email)
            for number, email in enumerate((*emails, NEW), start=1)
        ]
        super().__init__(people, client_id="notes", client_secret=secrets.token_urlsafe(24))

    @property
    def table(self) -> str:
        """What the app's settings say of it."""
        return _TABLE.format(url=self.url, client_id=self.client_id, client_secret=self.client_secret)
