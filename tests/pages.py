"""Run the service that a page of the docs shows, as it stands there."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from settings import Pulsar
from settings.reader import ROOT


@contextmanager
def service(page: str, database: str, broker: Pulsar, folder: Path) -> Iterator[str]:
    """The page's one Python block, with a database of its own for the one it names; gives that one's address.

    It ends well when it is told to.
    """
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.DOTALL)
    assert database in example
    url = f"sqlite:{folder}/service.db"
    program = folder / "service.py"
    program.write_text(example.replace(database, url), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HONGBAO_PULSAR_TENANT": broker.tenant}
    running = subprocess.Popen([sys.executable, str(program)], env=environment)
    try:
        yield url
    finally:
        running.terminate()
        assert running.wait(15) == 0
