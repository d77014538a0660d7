"""Ask and tell the broker through its admin REST."""

from types import TracebackType
from typing import Any, Self

import httpx

from errors import CannotRun, Unreachable
from stack.tls import trusted


class PulsarAdmin:
    """A session with the admin REST at `url`; errors are sentences."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = httpx.Client(base_url=f"{url}/admin/v2", timeout=30, verify=trusted())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def healthy(self) -> bool:
        """Whether the broker can publish to and read from itself."""
        try:
            return self._http.get("/brokers/health", timeout=5).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def get(self, path: str) -> Any:
        """The answer as JSON; raises Unreachable or, for a refusal, CannotRun."""
        try:
            return self.call("GET", path).json()
        except ValueError:
            raise CannotRun(f"{self._url} answered GET {path} with no JSON; is that the broker's admin_url?") from None

    def call(self, method: str, path: str, body: Any = None, accept: tuple[int, ...] = ()) -> httpx.Response:
        """Send `body` as JSON; statuses of 400 and above raise unless in `accept`."""
        try:
            answer = self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise Unreachable(
                f"the broker's admin at {self._url} does not answer ({error}); is it up? hongbao up starts one"
            ) from None
        if answer.status_code >= httpx.codes.BAD_REQUEST and answer.status_code not in accept:
            raise CannotRun(
                f"the broker at {self._url} refused {method} {path}: HTTP {answer.status_code} {_reason(answer)}"
            )
        return answer

    def stats(self, topic: str) -> dict[str, Any]:
        """Stats of a partitioned topic, summed over its partitions; rates in messages/s, backlog in messages."""
        return dict(self.get(f"/{topic.replace('://', '/')}/partitioned-stats?perPartition=false"))

    def backlog(self, topic: str, subscription: str) -> int:
        """Messages of the topic that the subscription has not acknowledged."""
        return int(self.stats(topic)["subscriptions"].get(subscription, {}).get("msgBacklog", 0))

    def positions(self, topic: str, subscription: str) -> dict[int, tuple[int, int]]:
        """Ledger and entry up to which the subscription has acknowledged everything, by each ledger of the partition.

        No two partitions of a broker share a ledger, whatever their topics. Raises CannotRun where the topic is not
        partitioned or has no such subscription.
        """
        path = topic.replace("://", "/")
        partitions = self.get(f"/{path}/partitions")["partitions"]
        found: dict[int, tuple[int, int]] = {}
        for number in range(partitions):
            stats = self.get(f"/{path}-partition-{number}/internalStats")
            cursors = stats["cursors"]
            if subscription not in cursors:
                raise CannotRun(f"{topic}: partition {number} has no subscription {subscription!r}")
            ledger, entry = cursors[subscription]["markDeletePosition"].split(":")
            found |= {int(one["ledgerId"]): (int(ledger), int(entry)) for one in stats["ledgers"]}
        return found


def _reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["reason"])
    except (ValueError, KeyError, TypeError):
        return " ".join(answer.text.split())[:300]
