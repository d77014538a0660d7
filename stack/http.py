"""Make HTTP clients that share what is dear to make."""

import ssl
from functools import cache

import httpx


def client(url: str = "", timeout_s: float = 30) -> httpx.Client:
    """A client for paths below `url`."""
    return httpx.Client(base_url=url, timeout=timeout_s, verify=_trusted())


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates of this machine: a client that reads them itself takes 35 ms of a core, and the supervisor
    alone would make three a second."""
    return httpx.create_ssl_context()
