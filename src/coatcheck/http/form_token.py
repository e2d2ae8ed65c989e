"""The token in every form: it ties a form to the browser that was given it, beside the cross-site check."""

from coatcheck.errors import CrossSiteRefused
from coatcheck.secret import KeyRing, same

FIELD = "form_token"


def form_token(key_ring: KeyRing, browser: str) -> str:
    """Give the token for the browser named by its cookie."""
    return key_ring.mac("form token", browser).hex()


def check_form_token(key_ring: KeyRing, browser: str, given: str) -> None:
    """Refuse a form that this browser was not given.

    Raises:
        CrossSiteRefused: no browser cookie, or the token is another's.

    See: ASVS 3.5.1.
    """
    if not browser or not same(form_token(key_ring, browser), given):
        raise CrossSiteRefused("the form's token does not belong to this browser")
