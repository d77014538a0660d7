"""Submit the landing job of a checkout whose contracts and SQL are another's: landing_by FOLDER; its job id."""

import sys
from pathlib import Path

import schemas.contract
from jobs import environment, landing
from settings import read


def main(folder: Path) -> str:
    schemas.contract.FOLDER = folder
    config = read(landing.Landing)
    tables = environment.create(config, f"landing by {folder.name}")
    landing.bind(tables, config)
    return environment.start(landing.define(tables, folder))


if __name__ == "__main__":
    sys.stdout.write(main(Path(sys.argv[1])))
