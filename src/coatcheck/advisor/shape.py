"""What an advice comes to in an app: which ways in it has, and what stands around it."""

import msgspec

from coatcheck.advisor.advice import Advice


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Say what an app has, by the advice that it follows.

    Args:
        pages: browsers come with a cookie.
        tokens: apps come with tokens of their sessions.
        machines: services come with tokens of their own.
        providers: people sign in with others.
        others: what calls is run by others.
        services: there are services beside the app.
        sockets: connections stay open.
        offline: apps go on without the network.
    """

    pages: bool
    tokens: bool
    machines: bool
    providers: bool
    others: bool
    services: bool
    sockets: bool
    offline: bool


def shape_of(advice: Advice) -> Shape:
    """Give the shape of an app that follows an advice."""
    facts, parts = advice.answers, advice.parts
    machines = "oauth" in parts and (facts.clients_run_by != "us" or facts.app_type == "microservices")
    return Shape(
        # OAuth alone, for people, is sign-in with a provider: what follows it is a cookie.
        pages="session" in parts or (parts == ("oauth",) and not machines),
        tokens="jwt" in parts,
        machines=machines,
        providers=facts.third_party_integration,
        others=facts.clients_run_by == "others",
        services=facts.services > 1 or facts.app_type == "microservices",
        sockets=facts.real_time_features,
        offline=facts.offline_use,
    )
