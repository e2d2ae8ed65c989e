"""Fakes of the providers that people sign in with: GitHub, Google, Microsoft and Apple, on this machine, for tests.

    wire → provider → github
                    → openid → google, microsoft, apple
    people, grants, signing: what they know, remember and sign with; switches: how a test spoils their answers

They answer as the providers' documentation says, with all that is odd about it. None was compared with the real one
while it ran: what was read and when stands in docs/testing.md.
"""

from coatcheck.testing.providers.apple import FakeApple
from coatcheck.testing.providers.github import FakeGitHub
from coatcheck.testing.providers.google import FakeGoogle
from coatcheck.testing.providers.microsoft import FakeMicrosoft
from coatcheck.testing.providers.people import ADA, BEN, CEM, MALLORY, PEOPLE, Someone

__all__ = [
    "ADA",
    "BEN",
    "CEM",
    "MALLORY",
    "PEOPLE",
    "FakeApple",
    "FakeGitHub",
    "FakeGoogle",
    "FakeMicrosoft",
    "Someone",
]
