"""Say at once that nobody listens at an address: a Pulsar client would try again for ten seconds."""

import socket
from urllib.parse import urlsplit

# What is slower than that is left to the client, which has a time-out of its own.
LOOK_S = 1.0


def refuses(url: str) -> bool:
    """Whether the host is there and has nobody on the port; False where that cannot be told."""
    address = urlsplit(url)
    try:
        socket.create_connection((str(address.hostname), address.port or 0), timeout=LOOK_S).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        pass  # no such host, no way to it, too slow
    return False
