"""What an operator may turn: one section a noun, from hongbao.toml and the environment."""

from settings.reader import read
from settings.sections import Flink, Pulsar, Stack, Warehouse

__all__ = ["Flink", "Pulsar", "Stack", "Warehouse", "read"]
