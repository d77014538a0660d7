"""python -m demo: run it and print the summary as one JSON object."""

import json
import os
import sys
import time

from demo.sale import run
from errors import HongbaoError


def main() -> int:
    started = float(os.environ.get("HONGBAO_STARTED_S", time.time()))
    try:
        figures = run(started)
    except HongbaoError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(json.dumps(figures.summary(), indent=2))
    return 1 if figures.failures else 0


if __name__ == "__main__":
    sys.exit(main())
