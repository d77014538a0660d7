"""Have a job run: the one that the last test of the module left, for a submission takes ten seconds, else a new one."""

from jobs.submit import ALIVE, submit_and_check
from stack.flink_rest import FlinkRest
from tests.waiting import eventually


def running(rest: FlinkRest, name: str) -> str:
    """The id of the job, which has a checkpoint."""
    if not any(job["job"] == name and job["state"] in ALIVE for job in rest.jobs()):
        submit_and_check([name])
    job_id = rest.running_id(name)
    # After a fault it may be restarting.
    eventually(lambda: rest.running(job_id) and rest.newest_checkpoint(job_id) is not None, True)
    return job_id
