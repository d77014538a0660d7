"""The contracts: every record that travels through Pulsar, loaded once from its .avsc."""

from schemas.contract import Contract, load, names

__all__ = ["Contract", "load", "names"]
