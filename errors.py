"""What can go wrong, as one tree.

HongbaoError              a sentence for a person: where, what, what was found, what to do
├── CannotRun             exit 2: nothing was attempted
│   ├── SettingsError     a wrong key or value in hongbao.toml, the environment or a campaign file
│   ├── Prerequisite      Java, Maven, memory or a port is missing or wrong
│   └── Unreachable       the broker, the cluster or a service's database does not answer
└── ProblemFound          exit 1: it ran, and the answer is bad
    ├── Refused           an event breaks its contract or is too large
    ├── DeliveryFailed    the broker did not take an event
    ├── SpoolFull         the spool is at its bound, or its disk is full; the event was not taken
    ├── SpoolDamaged      a file of the spool is not what was written
    ├── Undeliverable     a message that no further attempt of a service can handle
    └── SchemaConflict    a schema change would break a reader or a writer
"""


class HongbaoError(Exception):
    """A sentence for a person; the command prints it and exits with `exit_code`."""

    exit_code = 1


class CannotRun(HongbaoError):
    exit_code = 2


class SettingsError(CannotRun):
    pass


class Prerequisite(CannotRun):
    pass


class Unreachable(CannotRun):
    pass


class ProblemFound(HongbaoError):
    pass


class Refused(ProblemFound):
    pass


class DeliveryFailed(ProblemFound):
    pass


class SpoolFull(ProblemFound):
    pass


class SpoolDamaged(ProblemFound):
    pass


class Undeliverable(ProblemFound):
    pass


class SchemaConflict(ProblemFound):
    pass
