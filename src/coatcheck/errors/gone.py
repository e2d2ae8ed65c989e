"""Errors about what works once or for a short time, and is over."""

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


class FormGone(Gone):
    """Say that a form which waited for a step-up is over: it was sent, or waited too long, or is another session's."""

    code = "form_gone"
    says = "What you filled in is not kept any more. Nothing was sent; fill in the form again."


class FeedGone(Gone):
    """Say that a position of the revocation log cannot be gone on from: start over from snapshots."""

    code = "feed_gone"
    says = "The feed cannot go on from there. Start over from the status lists."
