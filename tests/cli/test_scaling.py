"""What autoscale lacks is one sentence, and nothing is rescaled."""

import pytest

from tests.cli.running import hongbao

NOWHERE = {"HONGBAO_PULSAR_ADMIN_URL": "http://127.0.0.1:1", "HONGBAO_FLINK_REST_URL": "http://127.0.0.1:1"}


@pytest.mark.parametrize(
    ("arguments", "who"),
    [(["--once"], "Flink at http://127.0.0.1:1"), (["--dry-run"], "the broker's admin at http://")],
)
def test_nobody_there_cannot_run(arguments: list[str], who: str) -> None:
    done = hongbao("autoscale", *arguments, **NOWHERE)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"hongbao: {who}")
    assert len(done.stderr.splitlines()) == 1


def test_floor_above_the_ceiling_cannot_run() -> None:
    done = hongbao("autoscale", **NOWHERE, HONGBAO_AUTOSCALE_FLOOR="9")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("[autoscale]: floor must be at most ceiling, got 9 and 8\n")
