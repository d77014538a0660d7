"""Connect to the broker."""

import pulsar

from errors import Unreachable
from settings import Pulsar
from settings.listening import refuses


def connect(broker: Pulsar) -> pulsar.Client:
    """A client that gives up after 10 s and writes nothing but errors, on stderr: a ConsoleLogger writes on stdout.

    Raises Unreachable at once where nobody listens.
    """
    if refuses(broker.service_url):
        raise Unreachable(f"{broker.service_url}: nobody listens there; is the stack up? hongbao up starts it")
    return pulsar.Client(
        broker.service_url,
        operation_timeout_seconds=10,
        logger=pulsar.FileLogger(pulsar.LoggerLevel.Error, "/dev/stderr"),
    )
