"""Give a command's answer on stdout, as text or JSON, and nothing else there; end with the right exit code."""

import functools
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, is_dataclass
from typing import Annotated, Any, ParamSpec

import typer
from rich.console import Console
from rich.table import Table

from errors import HongbaoError

Parameters = ParamSpec("Parameters")
Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
errors = Console(stderr=True, highlight=False, emoji=False)


def show(answer: Any, as_json: bool, text: str | None = None) -> None:
    """Print `answer` as JSON, or as `text`, a table of rows, or lines of key and value."""
    if as_json:
        print(json.dumps(_plain(answer), default=str, ensure_ascii=False))
    elif text is not None:
        print(text)
    elif isinstance(answer, Mapping):
        for key, value in answer.items():
            print(f"{key}: {value}")
    elif isinstance(answer, list):
        _table([_plain(row) for row in answer])
    else:
        print(answer)
    # Into a pipe a coupon would otherwise wait for eight kilobytes of others.
    sys.stdout.flush()


def command(function: Callable[Parameters, int | None]) -> Callable[Parameters, None]:
    """Turn what the function raises or gives into an exit code: 0 done, 1 problem found, 2 cannot run."""

    @functools.wraps(function)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            code = function(*args, **kwargs)
        except HongbaoError as error:
            errors.print(f"hongbao: {error}", markup=False, soft_wrap=True)
            code = error.exit_code
        except KeyboardInterrupt:
            code = 130
        except BrokenPipeError:
            # The reader, such as head, has had enough.
            sys.stderr.close()
            code = 0
        except OSError as error:
            # A folder where a file should be, a file that may not be read, a disk that is full.
            errors.print(
                f"hongbao: {error.filename or 'the system'}: {error.strerror or error}", markup=False, soft_wrap=True
            )
            code = 2
        raise typer.Exit(code or 0)

    return run


def say(what: str) -> None:
    """Tell progress, on stderr."""
    errors.print(what, markup=False, soft_wrap=True)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _table(rows: Iterable[Mapping[str, Any]]) -> None:
    rows = list(rows)
    if not rows:
        return
    table = Table(box=None, pad_edge=False)
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    # Wide enough for a pipe; a terminal's own width where there is one.
    # What it shows is somebody's text: neither [markup] nor :emoji:.
    Console(width=None if sys.stdout.isatty() else 200, markup=False, emoji=False, highlight=False).print(table)
