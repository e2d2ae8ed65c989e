"""Errors that say: it was there, and is no more."""

from coatcheck.errors.root import CoatcheckError


class Gone(CoatcheckError):
    """Say that a link or code was used already or has run out."""

    code = "link_gone"
    status = 410
    says = "This link was used already or has run out. Ask for a new one."


class SignInGone(Gone):
    """Say that a sign-in in progress is over."""

    code = "sign_in_gone"
    says = "This sign-in has run out. Start again."


class FeedGone(Gone):
    """Say that a position of the revocation log cannot be gone on from: start over from snapshots."""

    code = "feed_gone"
    says = "The feed cannot go on from there. Start over from the status lists."
