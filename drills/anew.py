"""Submit jobs as if nobody had kept what they know: neither state nor position."""

from collections.abc import Sequence

from jobs.submit import submit_and_check
from settings import Pulsar, read
from stack.pulsar_admin import PulsarAdmin
from stack.topics import read_by


def submit_anew(names: Sequence[str]) -> None:
    """Forget the subscriptions of jobs that have ended, and submit them: they begin with the earliest message."""
    pulsar = read(Pulsar)
    with PulsarAdmin(pulsar.admin_url) as admin:
        for name in names:
            # By force: a consumer whose task was cancelled is connected for a moment longer.
            for topic in read_by(name):
                path = pulsar.topic(topic.path).replace("://", "/")
                admin.call("DELETE", f"/{path}/subscription/{name}?force=true")
    submit_and_check(names)
