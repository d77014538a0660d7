"""The command's contract: exit codes, one sentence, nothing on stdout but the answer."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cli.main import app
from settings.reader import ROOT
from tests.cli.running import NOWHERE, hongbao


def commands(group: Any = None, prefix: str = "") -> dict[str, str]:
    """Every command's name and help."""
    found: dict[str, str] = {}
    root: Any = group or get_command(app)
    for name, command in root.commands.items():
        if hasattr(command, "commands"):
            found |= commands(command, f"{prefix}{name} ")
        else:
            found[f"{prefix}{name}"] = command.help or ""
    return found


@pytest.mark.parametrize(("name", "text"), commands().items())
def test_help_has_an_example(name: str, text: str) -> None:
    assert f"Example: hongbao {name}" in text


@pytest.mark.parametrize("name", commands())
def test_command_is_documented(name: str) -> None:
    assert f"`hongbao {name}" in (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", commands())
def test_every_command_answers_as_json(name: str) -> None:
    command: Any = get_command(app)
    for part in name.split():
        command = command.commands[part]
    assert "--json" in {option for parameter in command.params for option in parameter.opts}


def test_script_is_what_the_other_tests_run(tmp_path: Path) -> None:
    """A whole process: it also ends without a word about what is still open."""
    place = {"HONGBAO_WAREHOUSE_FOLDER": str(tmp_path)}
    for query in ("SELECT 1 AS one", "SELEC 1"):
        script = subprocess.run(
            [str(Path(sys.executable).parent / "hongbao"), "sql", query],
            env={**os.environ, **place},
            capture_output=True,
            text=True,
            check=False,
        )
        forked = hongbao("sql", query, **place)
        assert (script.returncode, script.stdout, script.stderr) == (forked.returncode, forked.stdout, forked.stderr)


def test_question_on_an_empty_warehouse_gives_an_empty_answer(tmp_path: Path) -> None:
    done = hongbao("sql", "SELECT * FROM events", "--json", HONGBAO_WAREHOUSE_FOLDER=str(tmp_path))
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, [], "")


def test_wrong_sql_is_a_problem_found(tmp_path: Path) -> None:
    done = hongbao("sql", "SELEC 1", HONGBAO_WAREHOUSE_FOLDER=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith('hongbao: warehouse: Parser Error: syntax error at or near "SELEC"')


def test_wrong_setting_cannot_run(tmp_path: Path) -> None:
    config = tmp_path / "hongbao.toml"
    config.write_text("[warehouse]\nfoldr = 'x'\n", encoding="utf-8")
    done = hongbao("sql", "SELECT 1", HONGBAO_CONFIG=str(config))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"hongbao: {config}: [warehouse]: no key 'foldr'; did you mean 'folder'?\n"


def test_cluster_that_is_not_there_cannot_run() -> None:
    done = hongbao("jobs", HONGBAO_FLINK_REST_URL="http://127.0.0.1:1")
    assert done.returncode == 2
    assert "hongbao: Flink at http://127.0.0.1:1 does not answer" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("answer", ["200 OK", "404 Not Found"])
def test_another_server_on_the_port_cannot_run(answer: str) -> None:
    page = "<html>\n<p>not Flink</p>\n</html>"
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(10_000)
                connection.sendall(f"HTTP/1.1 {answer}\r\nContent-Length: {len(page)}\r\n\r\n{page}".encode())

        serving = threading.Thread(target=serve)
        serving.start()
        done = hongbao("jobs", HONGBAO_FLINK_REST_URL=url)
        serving.join()
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert url in done.stderr


def test_unknown_job_is_named_before_anything_is_asked() -> None:
    done = hongbao("submit", "nothing", HONGBAO_FLINK_REST_URL="http://127.0.0.1:1")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "hongbao: submit: no job 'nothing'; there are conversion, coupons, coupons_vip, landing\n"


def test_status_of_nothing_is_a_problem_found(tmp_path: Path) -> None:
    nowhere = {
        "HONGBAO_STACK_FOLDER": str(tmp_path),
        "HONGBAO_PULSAR_ADMIN_URL": "http://127.0.0.1:1",
        "HONGBAO_FLINK_REST_URL": "http://127.0.0.1:1",
    }
    done = hongbao("status", "--json", **nowhere)
    assert done.returncode == 1
    assert json.loads(done.stdout)["up"] is False


@pytest.mark.parametrize(
    "arguments",
    [
        ["publish", "{file}"],
        ["tail", "coupons"],
        ["tail", "prices"],
        ["schemas", "register"],
        ["redrive", "--where", "true"],
        ["service", "payment"],
    ],
    ids=" ".join,
)
def test_broker_that_is_not_there_cannot_run(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text("{}\n", encoding="utf-8")
    database = f"sqlite:{tmp_path}/{{service}}.db"
    folders = {"HONGBAO_STACK_FOLDER": str(tmp_path), "HONGBAO_SERVICES_DATABASE": database}
    done = hongbao(*(argument.format(file=tmp_path / "events.jsonl") for argument in arguments), **NOWHERE, **folders)
    # The client's own lines are for stderr; the answer would be on stdout, and there is none.
    assert (done.returncode, done.stdout) == (2, "")
    (sentence,) = [line for line in done.stderr.splitlines() if line.startswith("hongbao: ")]
    assert "hongbao up" in sentence
    assert "Traceback" not in done.stderr


def test_file_that_is_not_there_is_named_without_asking_for_a_broker() -> None:
    done = hongbao("publish", "none.jsonl", **NOWHERE)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "hongbao: none.jsonl: no such file\n")


def test_redrive_of_late_events_is_refused_with_what_to_do_instead() -> None:
    done = hongbao("redrive", "--where", "true", "--from", "late_events", **NOWHERE)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "hongbao: redrive: --from must be dead_letters, got 'late_events'; late events have landed already: "
        "hongbao late tells conversion with them counted\n"
    )


def test_late_events_are_told_as_corrections(tmp_path: Path) -> None:
    from tests.warehouse.landing import event, land

    late = event(event_type="checkout_started", product_id=None, category=None)
    land(tmp_path, "events", [late])
    land(tmp_path, "late_events", [{"event_id": late["event_id"], "first_seen_at": late["occurred_at"]}])
    done = hongbao("late", "--json", HONGBAO_WAREHOUSE_FOLDER=str(tmp_path))
    minute = [
        row for row in json.loads(done.stdout) if (row["window_kind"], row["figure"]) == ("tumble_1m", "checkouts")
    ]
    assert (done.returncode, done.stderr) == (0, "")
    assert [(row["published"], row["corrected"]) for row in minute] == [(None, "1")]


def test_up_on_a_port_in_use_is_one_sentence_and_starts_nothing(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ours = {"HONGBAO_STACK_FOLDER": str(tmp_path), "HONGBAO_PULSAR_SERVICE_URL": f"pulsar://127.0.0.1:{port}"}
        done = hongbao("up", **ours)
    assert (done.returncode, done.stdout) == (2, "")
    said = done.stderr.splitlines()[-1]
    assert said.startswith(f"hongbao: port {port} is in use by ")
    assert said.endswith("; stop it, or set service_url in [pulsar] to another port")
    assert not list((tmp_path / "run").glob("*.json"))


def test_up_without_java_is_one_sentence(tmp_path: Path) -> None:
    done = hongbao("up", HONGBAO_STACK_FOLDER=str(tmp_path / "var"), PATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("hongbao: Java is missing; Flink 1.20 and Pulsar 4.0 run here on 17")


def test_text_that_looks_like_markup_is_shown_as_it_is(tmp_path: Path) -> None:
    done = hongbao("sql", "SELECT '[/b] [red]x[/red] :smile:' AS said", HONGBAO_WAREHOUSE_FOLDER=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "[/b] [red]x[/red] :smile:" in done.stdout


def test_ledger_of_a_run_that_lost_a_message_is_a_problem_found(tmp_path: Path) -> None:
    from tests.ledger.plants import Run

    run = Run(tmp_path)
    run.publish(1)
    run.publish(2)
    run.add("events", 1)
    run.write()
    places = {"HONGBAO_WAREHOUSE_FOLDER": str(run.warehouse), "HONGBAO_PULSAR_ADMIN_URL": "http://127.0.0.1:1"}
    done = hongbao("ledger", str(run.ledger), "--settled", "--json", **places)
    answer = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (1, "")
    assert [finding["id"] for finding in answer["findings"]] == ["event-2"]
    in_range = hongbao("ledger", str(run.ledger), "--until", "2026-11-11T00:00:02", **places)
    assert in_range.returncode == 0
    assert in_range.stdout.splitlines()[:2] == [
        f"published{1:>33}  0 more without an acknowledgement",
        f"  landed{1:>34}  0 landed again",
    ]
    assert "does not answer" in in_range.stderr


def test_compact_tells_files_before_and_after(tmp_path: Path) -> None:
    from tests.warehouse.landing import event, land

    for number in range(3):
        land(tmp_path, "events", [event(number)], part=f"part-{number}")
    done = hongbao("compact", "--table", "events", "--grace", "0 s", "--json", HONGBAO_WAREHOUSE_FOLDER=str(tmp_path))
    (table,) = json.loads(done.stdout)
    assert (done.returncode, table["files_before"], table["files_after"]) == (0, 3, 1)


WAITS = """
import sys, time
from cli.answer import command
from cli.main import app, main

@app.command()
@command
def wait():
    try:
        print("begun", flush=True)
        time.sleep(60)
    finally:
        print("ended what it began", flush=True)

sys.argv = ["hongbao", "wait"]
main()
"""


def test_command_that_is_terminated_ends_what_it_began() -> None:
    with subprocess.Popen([sys.executable, "-c", WAITS], cwd=ROOT, stdout=subprocess.PIPE, text=True) as waiting:
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == "begun\n"
        waiting.terminate()
        assert waiting.communicate(timeout=30)[0] == "ended what it began\n"
    assert waiting.returncode == 128 + signal.SIGTERM
