"""Certificates are read once a process, however many sessions there are."""

import ssl

import pytest

from stack.flink_rest import FlinkRest
from stack.health import _http
from stack.pulsar_admin import PulsarAdmin
from stack.tls import trusted

NOBODY = "http://127.0.0.1:1"


def test_no_session_after_the_first_reads_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    trusted()
    monkeypatch.setattr(ssl, "create_default_context", None)
    with PulsarAdmin(NOBODY) as admin, FlinkRest(NOBODY) as flink:
        assert (admin.healthy(), flink.slots(), _http(NOBODY, 1.0)) == (False, 0, None)
