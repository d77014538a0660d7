"""Tell which versions were published, and what on their topic cannot be read."""

from typing import TYPE_CHECKING, Any

from cli.answer import say, show

if TYPE_CHECKING:
    from topics.numbered import Applied, Found


def applied(published: "list[Applied]", key: str, json: bool) -> None:
    """What was published; `key` is what JSON calls that of a version."""
    rows = [{key: one.key, "version": one.version, "status": one.status} for one in published]
    lines = [f"{one.key}: version {one.version}, {one.status}" for one in published]
    show(rows, json, "\n".join(lines) or "nothing to change")


def problems(found: "Found[Any]") -> int:
    """Tell what on the topic cannot be read; 1 where there is something."""
    told = [*found.problems, *(one.problem for one in found.newest.values() if one.problem)]
    for problem in told:
        say(f"hongbao: {problem}")
    return 1 if told else 0
