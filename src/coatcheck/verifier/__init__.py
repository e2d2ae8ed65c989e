"""The verifier's room: what a microservice needs to check who calls, without a database or a web framework."""

from coatcheck.verifier.authenticator import Authenticator
from coatcheck.verifier.principal import Principal
from coatcheck.verifier.require import Demand, refusal
from coatcheck.visit import Asked

__all__ = ["Asked", "Authenticator", "Demand", "Principal", "refusal"]
