"""Ask and tell the Flink cluster through its REST."""

import json
import math
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from errors import CannotRun, Unreachable
from stack.tls import trusted

# Longer than metrics.fetcher.update-interval (cluster.py).
METRICS_FETCHED_S = 2.0
ENDED = ("CANCELED", "FAILED", "FINISHED", None)


class FlinkRest:
    """A session with the REST at `url`; errors are sentences."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = httpx.Client(base_url=url, timeout=30, verify=trusted())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def slots(self) -> int:
        """Slots of all registered TaskManagers; 0 while the cluster does not answer."""
        try:
            return int(self._http.get("/overview", timeout=5).json()["slots-total"])
        except (httpx.HTTPError, ValueError, KeyError):
            return 0

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer as JSON; raises Unreachable or, for a refusal, CannotRun."""
        answer = self._send(method, path, json=body)
        try:
            return answer.json() if answer.content else None
        except ValueError:
            raise CannotRun(f"{self._url} answered {method} {path} with no JSON; is that Flink's rest_url?") from None

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **request)
        except httpx.HTTPError as error:
            raise Unreachable(
                f"Flink at {self._url} does not answer ({error}); is it up? hongbao up starts one"
            ) from None
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            said = " ".join(answer.text.split())[:300]
            raise CannotRun(f"Flink at {self._url} refused {method} {path}: HTTP {answer.status_code} {said}")
        return answer

    def jobs(self) -> list[dict[str, Any]]:
        """Every job the cluster remembers, newest first: job, job_id, state, started_ms, tasks running and in all."""
        jobs = self.call("GET", "/jobs/overview")["jobs"]
        return [plain(job) for job in sorted(jobs, key=lambda job: -job["start-time"])]

    def jobs_with_reasons(self) -> list[dict[str, Any]]:
        """The same, and why: the reason of each that failed."""
        jobs = self.jobs()
        return [{**job, "why": self.failure(job["job_id"]) if job["state"] == "FAILED" else None} for job in jobs]

    def running(self, job_id: str) -> bool:
        """Whether every task of the job runs."""
        return any(
            job["job_id"] == job_id and job["state"] == "RUNNING" and job["tasks_running"] == job["tasks"]
            for job in self.jobs()
        )

    def state(self, job_id: str) -> str | None:
        """The job's state, such as RUNNING; None where the cluster does not know it."""
        return next((str(job["state"]) for job in self.jobs() if job["job_id"] == job_id), None)

    def newest_checkpoint(self, job_id: str) -> str | None:
        """Where the job's newest completed checkpoint lies, as a URL; None before the first."""
        newest = self.call("GET", f"/jobs/{job_id}/checkpoints")["latest"]["completed"]
        return None if newest is None else str(newest["external_path"])

    def saved_since(self, job_id: str, since_ms: int) -> bool:
        """Whether a checkpoint that began after that moment is complete: what the job wrote by then is visible."""
        newest = self.call("GET", f"/jobs/{job_id}/checkpoints")["latest"]["completed"]
        return newest is not None and int(newest["trigger_timestamp"]) > since_ms

    def stop_with_savepoint(self, job_id: str, bound_s: float) -> str:
        """Stop the job once its state is saved, and give the savepoint's URL; raises CannotRun, and it runs on."""
        request = self.call("POST", f"/jobs/{job_id}/stop", {"drain": False})["request-id"]
        deadline = time.monotonic() + bound_s
        while True:
            answer = self.call("GET", f"/jobs/{job_id}/savepoints/{request}")
            if answer["status"]["id"] == "COMPLETED":
                break
            if time.monotonic() > deadline:
                raise CannotRun(f"Flink did not save {job_id} within {bound_s:.0f} s; see hongbao jobs")
            time.sleep(0.1)
        if "failure-cause" in answer["operation"]:
            cause = str(answer["operation"]["failure-cause"].get("stack-trace", "no cause")).splitlines()[0]
            raise CannotRun(f"Flink could not save {job_id}: {cause}")
        return str(answer["operation"]["location"])

    def submit_graph(self, graph: bytes) -> None:
        """Submit a job's graph, serialized as Java does."""
        request = json.dumps({"jobGraphFileName": "job.graph", "jobJarFileNames": [], "jobArtifactFileNames": []})
        files = {"file_0": ("job.graph", graph, "application/octet-stream")}
        self._send("POST", "/jobs", data={"request": request}, files=files)

    def cancel_and_wait(self, job_id: str, bound_s: float = 60.0) -> None:
        """Cancel the job and return when it has ended."""
        if self.state(job_id) in ENDED:
            return
        self.cancel(job_id)
        deadline = time.monotonic() + bound_s
        while self.state(job_id) not in ENDED and time.monotonic() < deadline:
            time.sleep(0.1)

    def failure(self, job_id: str) -> str | None:
        """The innermost reason of the job's newest exception, or None."""
        text = self.call("GET", f"/jobs/{job_id}/exceptions?maxExceptions=1").get("root-exception")
        return innermost(str(text)) if text else None

    def operators(self, job_id: str) -> list[str]:
        """Names of the job's vertices, each a chain of operators."""
        return [vertex["name"] for vertex in self.call("GET", f"/jobs/{job_id}")["vertices"]]

    def metrics(self, job_id: str, name: str) -> list[float]:
        """A metric's value in each subtask that has it; `name` is how it ends, such as `candidate_ns_p99`.

        A figure that is none, as of a histogram without values, is left out.
        """
        paths = [
            f"/jobs/{job_id}/vertices/{vertex['id']}/metrics"
            for vertex in self.call("GET", f"/jobs/{job_id}")["vertices"]
        ]
        for path in paths:
            self.call("GET", path)
        # Flink fetches metrics when it is asked for them, and answers with those of the question before.
        time.sleep(METRICS_FETCHED_S)
        values: list[float] = []
        for path in paths:
            known = [str(one["id"]) for one in self.call("GET", path)]
            wanted = ",".join(quote(one) for one in known if one.endswith(f".{name}"))
            found = self.call("GET", f"{path}?get={wanted}") if wanted else []
            values += [float(one["value"]) for one in found]
        return [value for value in values if not math.isnan(value)]

    def embeds_python(self, job_id: str) -> bool:
        """Whether every TaskManager that runs a task of the job has a Python interpreter inside its JVM."""
        hosts = {
            manager["taskmanager-id"]
            for vertex in self.call("GET", f"/jobs/{job_id}")["vertices"]
            for manager in self.call("GET", f"/jobs/{job_id}/vertices/{vertex['id']}/taskmanagers")["taskmanagers"]
        }
        return bool(hosts) and all(self._embeds_python(host) for host in hosts)

    def _embeds_python(self, taskmanager_id: str) -> bool:
        threads = self.call("GET", f"/taskmanagers/{taskmanager_id}/thread-dump")["threadInfos"]
        # PemJa is the bridge that thread mode runs Python through; process mode forks instead.
        return any(thread["threadName"].startswith("PemJa") for thread in threads)

    def running_id(self, name: str) -> str:
        """The id of the job of this name that has not ended; raises CannotRun where there is none."""
        for job in self.jobs():
            if job["job"] == name and job["state"] not in ENDED:
                return str(job["job_id"])
        raise CannotRun(f"no job {name} is running; hongbao jobs lists them")

    def cancel(self, job_id: str) -> None:
        self.call("PATCH", f"/jobs/{job_id}?mode=cancel")


def plain(job: Mapping[str, Any]) -> dict[str, Any]:
    """A job of /jobs/overview under our names."""
    return {
        "job": job["name"],
        "job_id": job["jid"],
        "state": job["state"],
        "started_ms": job["start-time"],
        "tasks_running": job["tasks"]["running"],
        "tasks": job["tasks"]["total"],
    }


def innermost(trace: str) -> str:
    """The line of a Java stack trace that says what went wrong first."""
    lines = trace.splitlines()
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    return (causes or lines)[-1 if causes else 0]
