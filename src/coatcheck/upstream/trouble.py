"""What can go wrong on the way to a provider and back: each trouble has a name, and words for person and operator.

The person is shown the name and our words; what the provider said stands in the operator's trace alone, so that nobody
can make our pages speak.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from coatcheck.errors import Trouble, UpstreamFailed

__all__ = ["WORDS", "Trouble", "UpstreamFailed", "Words"]


@dataclass(frozen=True)
class Words:
    """Hold what a trouble is called: to the person, and to the operator with what to look at first."""

    person: str
    operator: str


WORDS: Final[Mapping[Trouble, Words]] = MappingProxyType(
    {
        "trip_unknown": Words(
            "This sign-in took too long, or was finished already. Start again.",
            "no trip under this state: it ran out (10 minutes), was used, or never began here",
        ),
        "other_browser": Words(
            "This sign-in was started in another browser. Start again in this one.",
            "the browser's cookie is missing or another: started elsewhere, cookies blocked, or somebody else's link",
        ),
        "other_host": Words(
            "You started at another address of this site. Start again here.",
            "started at one host and came back at another, where the cookie is not sent: use one of them, as in "
            "server.public_url",
        ),
        "other_provider": Words(
            "The answer came from another provider than the one you chose. Start again.",
            "a state of one provider came back at the address of another: a mix-up, or a wrong redirect URI",
        ),
        "answer_incomplete": Words(
            "The provider's answer was not complete. Start again.",
            "neither a code nor an error, or a parameter twice",
        ),
        "answer_of_another_issuer": Words(
            "The answer came from another provider than the one you chose. Start again.",
            "`iss` of the answer is missing or another than the provider's (RFC 9207)",
        ),
        "refused_there": Words(
            "The sign-in was cancelled or refused at the provider.",
            "the provider answered with an error; the trace has its words",
        ),
        "provider_away": Words(
            "The provider cannot be reached at the moment. Try again shortly, or sign in another way.",
            "no connection, no answer in time, or a 5xx",
        ),
        "provider_answered_badly": Words(
            "The provider's answer could not be read. Try again, or sign in another way.",
            "not JSON, too large, redirected, or without what it must hold; the trace has the start of it",
        ),
        "address_not_allowed": Words(
            "The provider cannot be reached at the moment. Try again shortly, or sign in another way.",
            "an address of the provider leads into a private network: name it in `private_network` if it is yours",
        ),
        "code_refused": Words(
            "The provider did not accept its own answer. Start again.",
            "the code was refused: used, too old, another redirect URI or code_verifier; the trace has its words",
        ),
        "client_refused": Words(
            "This site is not set up correctly at the provider. Tell its operator.",
            "client id, secret, key or redirect URI are refused by the provider",
        ),
        "identity_token_refused": Words(
            "The provider's word about you could not be checked. Start again.",
            "the ID token failed a check; the trace names it",
        ),
        "no_subject": Words(
            "The provider did not say who you are. Sign in another way.",
            "the mapped subject is missing, empty, or not of its type",
        ),
        "tenant_refused": Words(
            "Your organisation's accounts cannot sign in here.",
            "the tenant of the ID token is not one that this provider's settings allow",
        ),
        "assertion_refused": Words(
            "The answer of your organisation's sign-in could not be checked. Start again.",
            "the SAML response failed a check; the trace names it",
        ),
        "no_proven_email": Words(
            "The provider does not vouch for an address of yours. Sign in another way, then link it to your account.",
            "no address, or none that this provider is believed about (see `trusts_email`): no account is made by it",
        ),
        "no_account": Words(
            "There is no account here for you yet. Whoever runs this site can make one.",
            "nobody has this identity, and accounts are not made by it: `makes_accounts` or site.sign_up is off",
        ),
        "account_refused": Words(
            "You cannot sign in to this account at the moment. Whoever runs this site can help.",
            "the account is locked or closed, or changed while the person was at the provider",
        ),
    }
)
"""Every trouble there is."""
