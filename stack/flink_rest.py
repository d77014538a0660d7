"""Ask and tell the Flink cluster through its REST."""

from types import TracebackType
from typing import Any, Self

import httpx

from errors import CannotRun, Unreachable


class FlinkRest:
    """A session with the REST at `url`; errors are sentences."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = httpx.Client(base_url=url, timeout=30)

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
        try:
            answer = self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise Unreachable(
                f"Flink at {self._url} does not answer ({error}); is it up? hongbao up starts one"
            ) from None
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            raise CannotRun(f"Flink refused {method} {path}: HTTP {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else None

    def jobs(self) -> list[dict[str, Any]]:
        """Every job the cluster remembers, newest first: job, job_id, state, started_ms, tasks running and in all."""
        jobs = self.call("GET", "/jobs/overview")["jobs"]
        return [
            {
                "job": job["name"],
                "job_id": job["jid"],
                "state": job["state"],
                "started_ms": job["start-time"],
                "tasks_running": job["tasks"]["running"],
                "tasks": job["tasks"]["total"],
            }
            for job in sorted(jobs, key=lambda job: -job["start-time"])
        ]

    def running(self, job_id: str) -> bool:
        """Whether every task of the job runs."""
        return any(
            job["job_id"] == job_id and job["state"] == "RUNNING" and job["tasks_running"] == job["tasks"]
            for job in self.jobs()
        )

    def failure(self, job_id: str) -> str | None:
        """The first line of the job's newest exception, or None."""
        text = self.call("GET", f"/jobs/{job_id}/exceptions?maxExceptions=1").get("root-exception")
        return str(text).splitlines()[0] if text else None

    def operators(self, job_id: str) -> list[str]:
        """Names of the job's vertices, each a chain of operators."""
        return [vertex["name"] for vertex in self.call("GET", f"/jobs/{job_id}")["vertices"]]

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
            if job["job"] == name and job["state"] not in ("CANCELED", "FAILED", "FINISHED"):
                return str(job["job_id"])
        raise CannotRun(f"no job {name} is running; hongbao jobs lists them")

    def cancel(self, job_id: str) -> None:
        self.call("PATCH", f"/jobs/{job_id}?mode=cancel")
