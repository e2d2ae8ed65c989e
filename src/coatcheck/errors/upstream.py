"""The error that says: a sign-in with a provider came to nothing. Its words are in `upstream/trouble.py`."""

from typing import Literal, TypeAlias

from coatcheck.errors.root import CoatcheckError

Trouble: TypeAlias = Literal[
    "trip_unknown",
    "other_browser",
    "other_host",
    "other_provider",
    "answer_incomplete",
    "answer_of_another_issuer",
    "refused_there",
    "provider_away",
    "provider_answered_badly",
    "address_not_allowed",
    "code_refused",
    "client_refused",
    "identity_token_refused",
    "no_subject",
    "tenant_refused",
    "assertion_refused",
    "no_proven_email",
    "no_account",
    "account_refused",
]
"""What can go wrong on the way to a provider and back."""


class UpstreamFailed(CoatcheckError):
    """Say that a sign-in with a provider came to nothing.

    Args:
        trouble: which.
        because: the operator's facts: the check that failed, the provider's own words; never a secret or a code.
    """

    code = "upstream_failed"
    status = 400
    says = "Signing in with that provider did not work."

    def __init__(self, trouble: Trouble, because: str = "") -> None:
        super().__init__(f"{trouble}: {because}" if because else trouble)
        self.trouble: Trouble = trouble
