"""Settings of the site: what people read."""

from msgspec import Struct


class SiteSettings(Struct, frozen=True, kw_only=True):
    """Say what the pages and mails call this place, and who may come in."""

    name: str = "Coatcheck"
    """The name on pages and in mails; also a word that no password may be made of."""

    sign_up: bool = True
    """Whether strangers may sign up. Off: the pages, the call and the links are gone."""

    home: str = "/account"
    """Where a sign-in without `return_to` leads: a path of this host, or, if it starts with `/account`, of ours."""

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > 60:
            raise ValueError("site.name must have 1 to 60 characters")
        if not self.home.startswith("/") or self.home.startswith("//"):
            raise ValueError("site.home must be a path such as /account")
