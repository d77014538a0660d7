"""Submit jobs as if nobody had kept what they know: neither state nor position."""

from collections.abc import Sequence

from jobs.submit import submit_and_check
from schemas.topics import CLICKS
from settings import Pulsar, read
from stack.pulsar_admin import PulsarAdmin


def submit_anew(names: Sequence[str]) -> None:
    """Forget the subscriptions of jobs that have ended, and submit them: they begin with the earliest message."""
    pulsar = read(Pulsar)
    path = pulsar.topic(CLICKS.path).replace("://", "/")
    with PulsarAdmin(pulsar.admin_url) as admin:
        for name in names:
            # By force: a consumer whose task was cancelled is connected for a moment longer.
            admin.call("DELETE", f"/{path}/subscription/{name}?force=true")
    submit_and_check(names)
