"""What an operator may turn: one section a noun, from hongbao.toml and the environment."""

from settings.reader import read
from settings.sections import (
    Autoscale,
    Campaigns,
    Deferral,
    Flink,
    Models,
    Pressure,
    Prices,
    Pulsar,
    Services,
    Stack,
    Subscribers,
    Warehouse,
)

__all__ = [
    "Autoscale",
    "Campaigns",
    "Deferral",
    "Flink",
    "Models",
    "Pressure",
    "Prices",
    "Pulsar",
    "Services",
    "Stack",
    "Subscribers",
    "Warehouse",
    "read",
]
