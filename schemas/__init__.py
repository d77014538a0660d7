"""The contracts: every record that travels through Pulsar, loaded once from its .avsc."""

from schemas.contract import Contract, names, load

__all__ = ["Contract", "load", "names"]
