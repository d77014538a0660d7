"""Simulate in a process of its own: python -m ingest.simulate LEDGER_FOLDER [PROFILE [SEED]].

Prints a JSON line ten times a second (sent, phase), and the summary as the last.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from ingest.simulator import Simulation, simulate
from settings import Pulsar, read


def main(folder: str, profile: str | None = None, seed: str = "1") -> None:
    simulation = Simulation(seed=int(seed), **({"profile": profile} if profile else {}))

    def tell(sent: int, phase: str) -> None:
        print(json.dumps({"sent": sent, "phase": phase}), flush=True)

    print(json.dumps(asdict(simulate(simulation, read(Pulsar), Path(folder), tell))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
