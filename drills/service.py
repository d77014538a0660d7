"""Run one of the services beside a drill, and say when it is ready: python -m drills.service FOLDER NAME.

Its database is where the settings say.
"""

import sys

from services.run import subscribed


def run(name: str) -> None:
    subscribed(name).run(ready=lambda: print("ready", flush=True))


if __name__ == "__main__":
    run(sys.argv[2])
