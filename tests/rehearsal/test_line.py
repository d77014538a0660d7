"""A line is fitted with the error it has."""

import pytest
from scipy import stats

from rehearsal.line import fit


def test_points_on_a_line_have_no_error() -> None:
    line = fit([(x, 0.5 + 3 * x) for x in (1.0, 2.0, 3.0, 5.0)])
    assert line is not None
    assert (line.base, line.slope) == pytest.approx((0.5, 3))
    assert line.most_at(100) == pytest.approx(line.at(100)) == pytest.approx(300.5)


def test_the_errors_are_those_of_the_textbook() -> None:
    xs, ys = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2.1, 3.9, 6.2, 7.8, 10.1, 11.8]
    line, textbook = fit(list(zip(xs, ys, strict=True))), stats.linregress(xs, ys)
    assert line is not None
    assert line.slope_error == pytest.approx(textbook.stderr)
    assert line.error_at(0) == pytest.approx(textbook.intercept_stderr)


def test_the_error_grows_beyond_what_was_measured() -> None:
    line = fit([(1.0, 1.1), (2.0, 1.9), (3.0, 3.1), (4.0, 3.9)])
    assert line is not None
    assert line.error_at(40) > 5 * line.error_at(2.5)


@pytest.mark.parametrize("points", [[(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)], [(1.0, 1.0)] * 9])
def test_too_little_makes_no_line(points: list[tuple[float, float]]) -> None:
    assert fit(points) is None
