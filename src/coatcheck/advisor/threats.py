"""The threats that remain when an advice is followed: nothing here is solved by it."""

from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from coatcheck.advisor.advice import Advice
from coatcheck.advisor.answers import Answers
from coatcheck.advisor.shape import Shape, shape_of


class Threat(msgspec.Struct, frozen=True):
    """Hold one threat.

    Args:
        title: what it is, in a few words.
        happens: how somebody goes about it.
        done: what Coatcheck does against it.
        yours: what is left to you.
    """

    title: str
    happens: str
    done: str
    yours: str


class _Entry(NamedTuple):
    shows: Callable[[Answers, Shape], bool]
    threat: Threat


def threats_of(advice: Advice) -> tuple[Threat, ...]:
    """Give the threats that remain, those of everybody last."""
    shape = shape_of(advice)
    return tuple(each.threat for each in _ENTRIES if each.shows(advice.answers, shape))


_ENTRIES: Final = (
    _Entry(
        lambda facts, _: facts.regulation != "phishing_resistant",
        Threat(
            "A false site passes it on",
            "A copy of your sign-in page hands password and code on to the real one, at once, and keeps the session.",
            "Passkeys are offered, and work on no other site; a new device is told by mail.",
            'Move people to passkeys; where it matters, require(acr="phr") or sign_in.level = "phr".',
        ),
    ),
    _Entry(
        lambda facts, _: facts.regulation == "phishing_resistant",
        Threat(
            "The way around the passkey",
            "Whoever cannot forge a passkey asks for a recovery instead: by mail, of the factor, of your support.",
            "Losing every factor takes days of notices (sign_in.factor_recovery_after), and recovery opens no session.",
            "Two passkeys for each person; a support that never resets a factor on a phone call.",
        ),
    ),
    _Entry(
        lambda _, shape: shape.pages or shape.tokens,
        Threat(
            "A script in your own page",
            "What gets into your page (XSS, a bad package) acts as the person who looks at it, for as long as they do.",
            "No script reads the cookie, and keys of the SDK cannot be exported: it acts here, and takes nothing away.",
            "A Content-Security-Policy without inline scripts; a fresh sign-in for what is hard to undo.",
        ),
    ),
    _Entry(
        lambda _, shape: shape.pages or shape.tokens,
        Threat(
            "The device itself",
            "Malware copies the browser's own files, or a phone is unlocked in somebody's hand.",
            "Sessions are listed and ended by their owner; each ends by itself.",
            "Short sessions where much is at stake; the SDK's protectByPasskey() for what is kept on the device.",
        ),
    ),
    _Entry(
        lambda _, shape: shape.tokens,
        Threat(
            "Tokens that are bound to nothing",
            "An app that proves no key gets bearer tokens: whoever copies one is the person until it runs out.",
            "A bound token counts with a proof alone, everywhere; a refresh token that comes twice ends the session.",
            "Prove a key at the sign-in (DPoP) in each app, and see that token_type says DPoP.",
        ),
    ),
    _Entry(
        lambda _, shape: shape.tokens and shape.services,
        Threat(
            "A service that is cut off",
            "Between the end of a session and the news of it a service still takes its token.",
            "A Verifier is ten seconds behind at the most, and refuses everything once its news are older.",
            "Watch who lags behind (coatcheck service list); never choose unsafe.ACCEPT_STALE to be rid of a 503.",
        ),
    ),
    _Entry(
        lambda _, shape: shape.tokens and shape.services,
        Threat(
            "A proof that is used again elsewhere",
            "A proof that was seen in a log counts once more at each other process of the service, within its minute.",
            "In one process it counts once; it is for one method and one address.",
            "Keep the header DPoP out of logs; make what writes idempotent.",
        ),
    ),
    _Entry(
        lambda _, shape: shape.services or shape.machines,
        Threat(
            "A service that is taken over",
            "It has the tokens of everybody who calls it, and its own secret.",
            "Each token is for one audience; a service may do what it was granted and no more; a leaked secret is "
            "replaced without a pause.",
            "An audience for each service; keys in place of secrets; the least permissions.",
        ),
    ),
    _Entry(
        lambda _, shape: shape.services,
        Threat(
            "The way around the gateway",
            "Whoever reaches a service past the proxy writes the headers that the proxy would have removed.",
            "A service with a Verifier believes a signed token alone, and no header that names a user.",
            "No other way to the services; proxies set up as in docs/gateway.md.",
        ),
    ),
    _Entry(
        lambda _, shape: shape.providers,
        Threat(
            "Whoever runs the provider",
            "A provider, or its administrator, can sign in as any of its people; a factor there is its word.",
            "An address never links an account by itself; a domain counts once it is proven; a provider's factor "
            "counts where you say so.",
            "Few providers; a second factor of your own for administrators.",
        ),
    ),
    _Entry(
        lambda _, shape: shape.others,
        Threat(
            "What others do with what they get",
            "Data that others' programs fetched is theirs to lose.",
            "Each has a credential of its own, its own permissions, and is disabled alone.",
            "Contracts, narrow permissions, and an eye on the audit trail.",
        ),
    ),
    _Entry(
        lambda _, shape: shape.offline,
        Threat(
            "A device that hears nothing",
            "Without the network an app goes by what was true last: a role taken away, a session ended.",
            "The server judges what was done offline when it arrives; the session runs out by itself.",
            "Few tokens.offline_scopes, and none for what cannot be undone.",
        ),
    ),
    _Entry(
        lambda _, shape: shape.sockets,
        Threat(
            "A connection that stays open",
            "What was allowed when it was opened may not be an hour later.",
            "authenticated_socket ends with the session, and asks for a new token in time.",
            "Use it for each socket; ask again before each thing that a message may do.",
        ),
    ),
    _Entry(
        lambda facts, _: facts.cross_domain,
        Threat(
            "Another of your own sites",
            "An origin in web.origins passes the cross-site check: whoever gets into that site acts here.",
            "Origins are compared to the letter, never by pattern.",
            "List as few as work, and none that shows what strangers wrote.",
        ),
    ),
    _Entry(
        lambda *_: True,
        Threat(
            "Whoever reads the mailbox",
            "A mailbox resets a password, and so signs in where no second factor is asked for.",
            "Links work once, for minutes, and recovery ends all sessions; the owner is told.",
            "Second factors; your own mail domain's DMARC.",
        ),
    ),
    _Entry(
        lambda *_: True,
        Threat(
            "Your own people",
            "An administrator gives roles, and whoever may run commands on the server may do all.",
            "Each act is in the audit trail, whose chain shows what was changed.",
            "Few administrators, with passkeys; checkpoints on another machine (audit.checkpoint_file).",
        ),
    ),
    _Entry(
        lambda *_: True,
        Threat(
            "The master key",
            "With a copy of the database and the master key together, what is sealed in it is open.",
            "A copy of the database alone signs nobody in.",
            "Keep their copies apart; keep the key out of images and repositories.",
        ),
    ),
    _Entry(
        lambda *_: True,
        Threat(
            "A flood",
            "More sign-ins than can be hashed, from more addresses than can be counted.",
            "Tries are limited, hashes queue, known devices go first; who is signed in notices nothing.",
            "A network that bears it: no limit here helps against a full line.",
        ),
    ),
)
