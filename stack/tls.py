"""The certificates that a session with a REST trusts."""

import ssl
from functools import cache

import httpx


# To read them takes 28 ms of a core, for plain http too: once, not for every question of the supervisor.
@cache
def trusted() -> ssl.SSLContext:
    return httpx.create_ssl_context()
