"""Run the command as its user does, but for the imports: see tests/forked.py."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.main import main
from tests import forked

NOWHERE = {"HONGBAO_PULSAR_SERVICE_URL": "pulsar://127.0.0.1:1", "HONGBAO_PULSAR_ADMIN_URL": "http://127.0.0.1:1"}


def hongbao(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    with TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        process = forked.start(_hongbao, (arguments,), environment, out, err)
        process.join()
        assert process.exitcode is not None
        said = (path.read_text(encoding="utf-8") for path in (out, err))
        return subprocess.CompletedProcess(arguments, process.exitcode, *said)


def _hongbao(arguments: tuple[str, ...]) -> None:
    sys.argv = ["hongbao", *arguments]
    main()
