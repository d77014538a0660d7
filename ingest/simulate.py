"""Simulate in a process of its own: python -m ingest.simulate LEDGER_FOLDER [PROFILE [SEED [SHOP]]].

SHOP is a JSON object of those fields of Shop that are not its defaults.

Prints a JSON line ten times a second (sent, phase), and the summary as the last.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from ingest.messages import Simulation
from ingest.shop import Shop
from ingest.simulator import simulate
from settings import Pulsar, read


def main(folder: str, profile: str | None = None, seed: str = "1", shop: str = "{}") -> None:
    simulation = Simulation(seed=int(seed), **({"profile": profile} if profile else {}))

    def tell(sent: int, phase: str) -> None:
        print(json.dumps({"sent": sent, "phase": phase}), flush=True)

    shoppers = Shop(**json.loads(shop))
    summary = simulate(simulation, read(Pulsar), Path(folder), tell, shoppers=shoppers)
    print(json.dumps(asdict(summary)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
