"""A child is waited for, told to begin, heard, and ended with the block."""

import pytest

from errors import CannotRun
from stack.child import begin, lines, process, ready, told

TALKER = "tests.stack.talker"


def test_child_waits_for_the_word_says_what_it_did_and_ends_with_the_block() -> None:
    with process(TALKER, "a", "b") as child:
        begin(child)
        assert told(child) == {"said": ["a", "b"]}
        assert child.poll() is None, "it waits for more"
    assert child.returncode is not None


def test_child_that_is_not_waited_for_is_heard_line_by_line() -> None:
    with process(TALKER, "a", wait=False) as child:
        heard = lines(child)
        assert next(heard) == "ready\n"
        begin(child)
        assert next(heard) == '{"said": ["a"]}\n'


def test_child_that_ends_without_a_word_is_told_of() -> None:
    with pytest.raises(CannotRun, match=r"tests\.stack\.talker.* did not start; see above"), process(TALKER):
        raise AssertionError("it must not get here")
    with process(TALKER, wait=False) as child:
        with pytest.raises(CannotRun, match="ended before it had done everything"):
            told(child)
        with pytest.raises(CannotRun, match="did not start"):
            ready(child)
