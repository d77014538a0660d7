"""A refused connection is told from one that cannot be judged."""

import socket

from settings.listening import refuses


def test_port_without_a_listener_refuses() -> None:
    with socket.socket() as nobody:
        # Bound, so that nobody else listens there either.
        nobody.bind(("127.0.0.1", 0))
        assert refuses(f"pulsar://127.0.0.1:{nobody.getsockname()[1]}")


def test_listener_does_not_refuse() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not refuses(f"pulsar://127.0.0.1:{server.getsockname()[1]}")


def test_unknown_host_is_not_judged() -> None:
    assert not refuses("pulsar://no-such-host.invalid:6650")
