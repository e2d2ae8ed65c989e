"""The events that Coatcheck records, each with the sentence a person reads in the list of their own activity."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

EVENTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sign_in.done": "Signed in",
        "sign_in.more_needed": "A sign-in was asked for one more step",
        "sign_in.refused": "A sign-in was refused",
        "sign_in.blocked": "Sign-ins were blocked for a while",
        "sign_in.code_asked": "A code to sign in was asked for",
        "sign_out.done": "Signed out",
        "refresh.replayed": "An old refresh token came again; the session was ended",
        "session.ended": "A session was ended",
        "sessions.ended_all": "All sessions were ended",
        "sessions.ended_others": "The other sessions were ended",
        "sign_up.asked": "Signing up was asked for",
        "sign_up.confirmed": "The sign-up was confirmed",
        "sign_up.refused": "A confirmation of a sign-up was refused",
        "sign_up.blocked": "Sign-ups were blocked for a while",
        "recovery.asked": "A recovery link was asked for",
        "recovery.done": "The account was recovered",
        "recovery.refused": "A recovery was refused",
        "recovery.factors_asked": "The loss of every second factor was reported",
        "recovery.factors_begun": "The wait until second factors are removed has begun",
        "recovery.factors_notice": "You were told again that second factors are to be removed",
        "recovery.factors_called_off": "The removal of second factors was called off",
        "recovery.factors_done": "Every second factor was removed after a recovery",
        "recovery.blocked": "Recovery links were blocked for a while",
        "password.changed": "Password changed",
        "password.refused": "A wrong password was given for a change",
        "password.blocked": "Passwords for a change were blocked for a while",
        "email.change_asked": "A change of email was asked for",
        "email.changed": "Email changed",
        "email.change_blocked": "Changes of email were blocked for a while",
        "account.created": "Account created",
        "account.locked": "Account locked",
        "account.unlocked": "Account unlocked",
        "account.factors_reset": "Every second factor was removed by an administrator",
        "account.closed": "Account closed",
        "account.panic": "Everything was ended in an emergency",
        "account.panic_settled": "What was ended in an emergency is over everywhere, or its time has passed",
        "account.panic_lifted": "The account was opened again after an emergency",
        "role.created": "Role created",
        "role.removed": "Role removed",
        "role.narrowed": "A role allows less",
        "role.inherits": "A role inherits another",
        "role.disinherits": "A role inherits another no more",
        "role.granted": "Role given",
        "role.revoked": "Role taken away",
        "role.ran_out": "A role that was given for a time has run out",
        "service.created": "Service registered",
        "service.permissions_changed": "What a service may do was changed",
        "service.audiences_changed": "Whom a service calls, or what it is, was changed",
        "service.secret_added": "A service got another credential",
        "service.credential_removed": "A credential of a service was removed",
        "service.disabled": "Service disabled",
        "service.enabled": "Service enabled again",
        "service.tokens_revoked": "A service gave its tokens back",
        "api_key.created": "An API key was made",
        "api_key.revoked": "An API key was revoked",
        "api_key.refused": "An API key was refused",
        "token.refused": "A service was refused a token",
        "keys.made": "The first signing key was made",
        "keys.rotated": "The next signing key was published",
        "keys.replaced": "All signing keys were replaced at once",
        "domain.proven": "An email domain was proven for a sign-in with a provider",
        "domain.forgotten": "An email domain is not signed in by a provider any more",
        "admin.set_up": "The first administrator was set up",
        "step_up.done": "Confirmed that it was you",
        "step_up.more_needed": "Confirming that it was you took one more step",
        "step_up.refused": "A confirmation that it was you was refused",
        "step_up.blocked": "Confirmations that it was you were blocked for a while",
        "totp.enrolled": "An authenticator app was set up",
        "totp.removed": "The authenticator app was removed",
        "backup_code.used": "A backup code was used",
        "backup_code.made": "New backup codes were made",
        "passkey.added": "Passkey added",
        "passkey.renamed": "Passkey renamed",
        "passkey.removed": "Passkey removed",
        "passkey.copied": "A passkey was refused, as it may have been copied",
        "identity.linked": "A provider was linked",
        "identity.unlinked": "A provider was unlinked",
        "upstream.failed": "Signing in with a provider did not work",
        "trust.given": "A browser was trusted",
        "trust.ended": "A browser is not trusted any more",
        "trust.ended_all": "No browser is trusted any more",
        "coatcheck.permit_made": "The doctor was given an account for some minutes, to try this place from outside",
        "coatcheck.permit_ended": "The doctor's account was removed",
        "access.refused": "Something was asked for that this account may not do",
        "cross_site.refused": "A request from another site was refused",
        "audit.tally": "Refused several times within a minute",
    }
)
"""Event name to public sentence."""

OUTCOMES: Final = frozenset({"done", "refused", "failed"})
"""How an event can have gone."""

_LATER = {
    "client", "coatcheck", "factor", "identity", "issuer", "key", "mfa", "provider", "service", "token",
}  # fmt: skip
OUR_PREFIXES: Final = frozenset(name.split(".")[0] for name in EVENTS) | _LATER
"""What the first part of an app's own event must not be: ours, now or in a later release."""


def says(event: str) -> str:
    """Give an event's public sentence; an app's own event speaks by its name."""
    return EVENTS.get(event, event)
