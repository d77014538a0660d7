"""Score by gradient-boosted trees that were trained elsewhere, without the library that trained them. Pure.

A tree is parallel lists by node, the root first: `input` (its place among the inputs, -1 for a leaf), `threshold`,
`missing_left`, `left`, `right`, and `value`, in log-odds: a leaf's, and of every other node the mean of its leaves by
training rows. A value goes left when it is at most the threshold.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, Self

from model import inputs
from model.inputs import Inputs

LEAF = -1
# A text of them goes to the job with each candidate.
MOST_NODES = 20_000


class Tree(NamedTuple):
    """One tree, by node."""

    input: Sequence[int]
    threshold: Sequence[float]
    missing_left: Sequence[int]
    left: Sequence[int]
    right: Sequence[int]
    value: Sequence[float]

    def path(self, values: Sequence[float | None]) -> list[int]:
        """The nodes from the root to the leaf."""
        node, found = 0, [0]
        while self.input[node] != LEAF:
            value = values[self.input[node]]
            goes_left = bool(self.missing_left[node]) if value is None else value <= self.threshold[node]
            node = self.left[node] if goes_left else self.right[node]
            found.append(node)
        return found


@dataclass(frozen=True)
class Boosted:
    """A trained model, as its definition says."""

    name: str
    version: int
    horizon_ms: int
    inputs: tuple[str, ...]
    baseline: float
    trees: tuple[Tree, ...]

    kind = "boosted"

    def log_odds(self, asked: Inputs) -> float:
        values = self._values(asked)
        return self.baseline + sum(tree.value[tree.path(values)[-1]] for tree in self.trees)

    def propensity(self, asked: Inputs) -> float:
        """The chance of an order within the horizon."""
        return 1 / (1 + math.exp(-max(-700.0, min(700.0, self.log_odds(asked)))))

    def contributions(self, asked: Inputs) -> dict[str, float]:
        """What each input adds to the log-odds: by how much each split on it moved the mean (Saabas, 2014).

        With the baseline and `trees`, the mean of all training rows, they add up to `log_odds`.
        """
        values = self._values(asked)
        found = {"trees": 0.0, **dict.fromkeys(self.inputs, 0.0)}
        for tree in self.trees:
            path = tree.path(values)
            found["trees"] += tree.value[0]
            for before, after in pairwise(path):
                found[self.inputs[tree.input[before]]] += tree.value[after] - tree.value[before]
        return found

    def _values(self, asked: Inputs) -> list[float | None]:
        return [inputs.value_of(asked, name) for name in self.inputs]

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """The model that a definition says; raises ValueError with a sentence where it says none."""
        names, trees, baseline = found.get("inputs"), found.get("trees"), found.get("baseline")
        if not isinstance(names, list) or not names:
            raise ValueError(f"inputs: at least one, got {names!r:.60}")
        for name in names:
            if not isinstance(name, str) or not inputs.known(name):
                raise ValueError(f"inputs: each one that there is (docs/personalisation.md), got {name!r}")
        if not _finite(baseline):
            raise ValueError(f"baseline: a number, got {baseline!r}")
        if not isinstance(trees, list) or not trees:
            raise ValueError(f"trees: at least one, got {trees!r:.60}")
        read = tuple(_tree(number, one, len(names)) for number, one in enumerate(trees))
        nodes = sum(len(tree.input) for tree in read)
        if nodes > MOST_NODES:
            raise ValueError(f"trees: at most {MOST_NODES:,} nodes together, got {nodes:,}")
        assert baseline is not None
        return cls(found["name"], found["version"], found["horizon_ms"], tuple(names), baseline, read)


def _tree(number: int, found: Any, count: int) -> Tree:
    where = f"trees.{number}"
    if not isinstance(found, Mapping) or any(not isinstance(found.get(key), list) for key in Tree._fields):
        raise ValueError(f"{where}: lists {', '.join(Tree._fields)}, got {found!r:.60}")
    tree = Tree(*(tuple(found[key]) for key in Tree._fields))
    if len({len(column) for column in tree}) != 1 or not tree.input:
        raise ValueError(f"{where}: lists of one length, at least 1, got {[len(column) for column in tree]}")
    for node, (place, threshold, _, left, right, value) in enumerate(zip(*tree, strict=True)):
        # Children come after their parent: so every path ends.
        inner = place in range(count) and _finite(threshold) and left in range(node + 1, len(tree.input))
        if not _finite(value) or not (place == LEAF or (inner and right in range(node + 1, len(tree.input)))):
            raise ValueError(f"{where}: node {node} is neither a leaf nor a split of later nodes")
    return tree


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
