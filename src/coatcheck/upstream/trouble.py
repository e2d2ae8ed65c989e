"""What can go wrong on the way to a provider and back: each trouble has a name, and words for person and operator.

The person is shown the name and our words; what the provider said stands in the operator's trace alone, so that nobody
can make our pages speak.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from coatcheck.errors import Trouble, UpstreamFailed

__all__ = ["WORDS", "Trouble", "UpstreamFailed", "Words"]


class Words(Struct, frozen=True):
    """Hold what a trouble is called: to the person, to the operator, and what the operator does about it."""

    person: str
    operator: str
    fix: str


WORDS: Final[Mapping[Trouble, Words]] = MappingProxyType(
    {
        "trip_unknown": Words(
            "This sign-in took too long, or was finished already. Start again.",
            "no trip under this state: it ran out (10 minutes), was used, or never began here",
            "Nothing, for one: a page was left open, or reloaded. For many at once see that all workers share one "
            "ephemeral store.",
        ),
        "other_browser": Words(
            "This sign-in was started in another browser. Start again in this one.",
            "the browser's cookie is missing or another: started elsewhere, cookies blocked, or somebody else's link",
            "Nothing, for one. For everybody: see that the proxy passes `Cookie` and `Set-Cookie` on, and that "
            "sign-in starts at the address that the person comes back to.",
        ),
        "other_host": Words(
            "You started at another address of this site. Start again here.",
            "the browser's cookie is missing: started at one host and came back at another, where it is not sent",
            "Open the site by one of the two, the one that is registered at the provider; `server.public_url` "
            "holds everybody to it.",
        ),
        "other_provider": Words(
            "The answer came from another provider than the one you chose. Start again.",
            "a state of one provider came back at the address of another: a mix-up, or a wrong redirect URI",
            "Compare the redirect URIs that are registered at both: each ends in /login/NAME/callback with its "
            "own table's name.",
        ),
        "answer_incomplete": Words(
            "The provider's answer was not complete. Start again.",
            "neither a code nor an error, or a parameter twice",
            "Nothing, for one: links are cut by mail programs and typed by strangers. For all of a provider: a "
            "proxy cuts long addresses.",
        ),
        "answer_of_another_issuer": Words(
            "The answer came from another provider than the one you chose. Start again.",
            "`iss` of the answer is missing or another than the provider's (RFC 9207)",
            "Compare the issuer in the trace with that of the settings, to the letter. Where they are two "
            "servers, it is an attack.",
        ),
        "refused_there": Words(
            "The sign-in was cancelled or refused at the provider.",
            "the provider answered with an error, or its account is not as it must be; the trace has its words",
            "Read its words. `access_denied` is a person who cancelled; anything else is set up at the provider: "
            "scopes, consent, who may use the app.",
        ),
        "provider_away": Words(
            "The provider cannot be reached at the moment. Try again shortly, or sign in another way.",
            "no connection, no answer in time, or a 5xx",
            "Look at the provider's status page, then from this machine: `coatcheck provider test NAME`. DNS, a "
            "firewall and a proxy look the same from here.",
        ),
        "provider_answered_badly": Words(
            "The provider's answer could not be read. Try again, or sign in another way.",
            "not JSON, too large, redirected, or without what it must hold; the trace says which",
            "`coatcheck provider test NAME`. A page in place of JSON is a gateway before the provider, or a wrong "
            "address in the settings.",
        ),
        "address_not_allowed": Words(
            "The provider cannot be reached at the moment. Try again shortly, or sign in another way.",
            "an address of the provider leads into a private network, or is no https",
            "If that network is yours and the provider is in it, name it in `private_network`. If not, the "
            "provider names wrong addresses: ask whose they are.",
        ),
        "code_refused": Words(
            "The provider did not accept its own answer. Start again.",
            "the code was refused: used, too old, another redirect URI or code_verifier; the trace has its words",
            "Nothing, for one: the person waited. For all: compare the redirect URI with the one that is "
            "registered, and the clocks.",
        ),
        "client_refused": Words(
            "This site is not set up correctly at the provider. Tell its operator.",
            "client id, secret, key or redirect URI are refused by the provider",
            "Nobody comes in until it is mended: `coatcheck provider test NAME` says which. Secrets run out, and "
            "are copied with blanks; Microsoft's has an id beside its value.",
        ),
        "identity_token_refused": Words(
            "The provider's word about you could not be checked. Start again.",
            "the ID token failed a check; the trace names it",
            "`it ran out` and `ahead of our clock` are clocks: see to NTP. `iss` and `aud` are settings: issuer, "
            "`tenant`, client_id. A signature or nonce that is wrong for one person alone is an attack.",
        ),
        "no_subject": Words(
            "The provider did not say who you are. Sign in another way.",
            "the mapped subject is missing, empty, or not of its type",
            "Look at what the provider answers, and set `subject` to where the lasting id stands; `(number)` "
            "after it where it is one.",
        ),
        "tenant_refused": Words(
            "Your organisation's accounts cannot sign in here.",
            "the tenant of the ID token is not one that this provider's settings allow",
            "If they belong to you, widen `tenant`: `organizations` takes every work account. If not, it did what "
            "it is for.",
        ),
        "assertion_refused": Words(
            "The answer of your organisation's sign-in could not be checked. Start again.",
            "the SAML response failed a check; the trace names it",
            "Compare entity ids, the ACS address and the certificate with those at the identity provider; then "
            "the clocks. A signature that is wrong for one person alone is an attack.",
        ),
        "no_proven_email": Words(
            "The provider does not vouch for an address of yours. Sign in another way, then link it to your account.",
            "no address, or none that this provider is believed about: no account is made by it",
            "docs/providers.md says what its emails are worth. For your own server or company see `trusts_email` "
            "and `checks_emails`; or make the account, and let its owner link the provider.",
        ),
        "no_account": Words(
            "There is no account here for you yet. Whoever runs this site can make one.",
            "nobody has this identity, and accounts are not made by it: `makes_accounts` or site.sign_up is off",
            "`coatcheck account create`, and let the person link the provider; or turn one of the two on.",
        ),
        "account_refused": Words(
            "You cannot sign in to this account at the moment. Whoever runs this site can help.",
            "the account is locked or closed, or changed while the person was at the provider",
            "`coatcheck account show` says which. One that only changed: the person starts again.",
        ),
    }
)
"""Every trouble there is."""
