"""The hop: one step on our own site, so that a link from elsewhere finds the person signed in.

SameSite=Strict cookies stay away from the first request that another site causes. A 200 page that sends the browser to
the same address makes the next request our own; a redirect would keep the foreign initiator.
"""

from coatcheck.visit import Asked


def needs_hop(asked: Asked, *, is_navigation: bool, has_session_cookie: bool) -> bool:
    """Tell whether to answer with the hop: a GET navigation caused by another site, without our cookie.

    After the hop the browser says `same-origin`, so it happens once.
    """
    return asked.method == "GET" and asked.sec_fetch_site == "cross-site" and is_navigation and not has_session_cookie
