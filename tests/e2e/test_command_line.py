"""The command line as a user meets it, on the embedded release: widths, encodings, completion, exit codes."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli.operate.words import candidates
from pipelines.cli.verb_group import VerbGroup
from pipelines.cli.verbs import GROUPS, VERBS
from tests.command import CHECKOUT, Finished, compact, in_process

Home = tuple[Path, Finished]
SERVING = {"mcp", "ui", "completion"}  # they answer no question
# Verbs that read the embedded release, with what makes their tables as wide as they get.
READING: dict[str, list[str]] = {
    "search": ["search", "internet"],
    "list": ["list"],
    "about": ["about", "internet_use"],
    "areas": ["areas"],
    "members": ["areas", "--members", "Africa"],
    "units": ["units"],
    "show": ["show", "internet_use"],
    "show one": ["show", "internet_use", "--area", "Kenya"],
    "show group": ["show", "population", "--area", "LDCs"],
    "data": ["data", "internet_use", "population", "--area", "Côte d'Ivoire", "--area", "World"],
    "rank": ["rank", "internet_use", "--in", "Africa"],
    "releases": ["releases"],
    "revisions": ["revisions", "internet_use", "--area", "Kenya"],
    "status": ["status"],
    "methods": ["show", "internet_use", "--area", "KEN", "--methods"],
}

# Verbs that tell in sentences what there is, or that all is well.
TELLING: dict[str, list[str]] = {
    "explain": ["explain", "internet_use", "--area", "Kenya"],
    "preview": ["preview", "indicators/catalogue/connectivity/internet_use.yaml"],
    "why": ["why", "internet_use"],
    "status": ["status"],
    "accept": ["accept"],
    "gc": ["gc", "--dry-run"],
    "check": ["check", "indicators/catalogue/connectivity/internet_use.yaml"],
}


def command(name: str) -> Any:
    return VerbGroup(name="compact").commands[name]


def test_every_verb_is_listed_once_in_its_group_with_one_line() -> None:
    done = in_process("--help", home=Path("data"))
    assert done.code == 0
    lines = done.out.splitlines()
    assert [line.rstrip(":") for line in lines if line.rstrip(":") in GROUPS] == list(GROUPS)
    for verb in VERBS.values():
        assert sum(line.startswith(f"  {verb.name} ") for line in lines) == (not verb.hidden), verb.name
    assert max(map(len, lines)) <= 110


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_exists_has_help_and_prints_json(name: str) -> None:
    result = command(name)
    assert result.help
    parts = result.commands.values() if hasattr(result, "commands") else [result]
    for part in parts:
        options = {text for option in part.params for text in option.opts}
        assert name in SERVING or "--json" in options, name
        assert name in SERVING | {"new"} or "--wide" in options, name


@pytest.mark.parametrize("width", [80, 100, 120])
@pytest.mark.parametrize("arguments", READING.values(), ids=READING)
def test_output_fits_the_terminal(first_run: Home, arguments: list[str], width: int) -> None:
    done = in_process(*arguments, home=first_run[0], env={"COLUMNS": str(width)})
    assert done.code == 0, done.err
    assert max(map(len, done.out.splitlines())) <= width
    assert "\x1b" not in done.out
    assert not re.search(r"\b[0-9a-f]{64}\b", done.out)
    assert not re.search(r"  [0-9][0-9.,:T-]*…", done.out)  # a cut number says something else
    rows = [line for line in done.out.splitlines() if "  " in line.strip()]
    assert len(set(rows)) == len(rows)


@pytest.mark.parametrize("width", [80, 100, 120])
@pytest.mark.parametrize("arguments", TELLING.values(), ids=TELLING)
def test_sentences_are_wrapped(first_run: Home, arguments: list[str], width: int) -> None:
    """Only what has no blank, such as an address or a hash, and SQL to be copied may be wider."""
    done = in_process(*arguments, home=first_run[0], env={"COLUMNS": str(width)})
    assert done.code == 0, done.err
    said = (done.out + done.err).partition("The SQL, ")[0]
    for line in said.splitlines():
        assert len(line) <= width or len(line.split()[-1]) > width // 2, line


def test_wide_shows_every_column(first_run: Home) -> None:
    narrow = in_process("show", "internet_use", home=first_run[0], env={"COLUMNS": "80"}).out
    wide = in_process("show", "internet_use", "--wide", home=first_run[0], env={"COLUMNS": "80"}).out
    assert "snapshot" not in narrow.splitlines()[0]
    assert "snapshot" in wide.splitlines()[0]


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
@pytest.mark.parametrize("arguments", [READING["data"], READING["show"], READING["areas"]], ids=str)
def test_what_cannot_be_encoded_is_replaced(first_run: Home, encoding: str, arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *arguments],
        cwd=CHECKOUT,
        env=os.environ | {"COMPACT_HOME": str(first_run[0]), "PYTHONIOENCODING": encoding, "COLUMNS": "100"},
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert "Ivoire" in done.stdout.decode(encoding) or arguments[0] == "show"


def test_one_value_is_told_in_sentences(first_run: Home) -> None:
    told = in_process("show", "internet_use", "--area", "Kenya", home=first_run[0]).out
    assert told.startswith("Individuals using the Internet, Kenya: 35% in 2023 (estimated).")
    for part in ("trend", "verdict", "at least 100% by 2030", "ITU/OSET", "World Factbook", "release"):
        assert part in told
    assert "world_factbook" not in told
    codes = in_process("show", "internet_use", "--area", "404", "--verbose", home=first_run[0]).out
    for part in ("KEN", "PT", "world_factbook", "likelihood-2026"):
        assert part in codes


def test_an_unknown_area_has_the_nearest_offered_everywhere(first_run: Home) -> None:
    for arguments in (
        ["show", "internet_use", "--area", "Keny"],
        ["data", "internet_use", "--area", "Keny"],
        ["explain", "internet_use", "--area", "Keny"],
        ["revisions", "internet_use", "--area", "Keny"],
        ["rank", "internet_use", "--in", "Keny"],
        ["areas", "Kenyya"],
    ):
        done = in_process(*arguments, home=first_run[0])
        assert (done.code, "Kenya (KEN)" in done.err) == (2, True), arguments


def test_series_are_printed_and_written(first_run: Home, tmp_path: Path) -> None:
    arguments = ["data", "population", "--area", "Kenya", "--from", "2015", "--to", "2030"]
    rows = in_process(*arguments, "--json", home=first_run[0]).json
    text = in_process(*arguments, "--csv", home=first_run[0]).out
    assert len(text.splitlines()) == 1 + len(rows) > 1
    written = in_process(*arguments, "--parquet", "--out", str(tmp_path / "kenya"), home=first_run[0])
    assert written.out.strip() == str(tmp_path / "kenya.parquet")
    assert (tmp_path / "kenya.parquet").is_file()
    assert in_process(*arguments, "--csv", "--bom", home=first_run[0]).out.startswith("\ufeff")
    assert in_process(*arguments, "--parquet", home=first_run[0]).code == 2
    assert in_process("data", "population", "--area", "Kenya", "--from", "2099", home=first_run[0]).code == 1


def test_a_rank_is_of_a_group(first_run: Home) -> None:
    rows = in_process("rank", "internet_use", "--in", "LDCs", "--top", "5", "--json", home=first_run[0]).json
    assert [row["rank"] for row in rows] == sorted(row["rank"] for row in rows)
    assert len(rows) == 5


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["sh"], ["show"]),
        (["show", "internet_u"], ["internet_use", "internet_use_female", "internet_use_male"]),
        (["show", "internet_use", "--area", "KE"], ["KEN"]),
        (["data", "x", "--fr"], ["--from"]),
        (["new", "s"], ["source"]),
        (["completion", ""], ["bash", "fish", "zsh"]),
    ],
)
def test_words_are_completed(words: list[str], found: list[str]) -> None:
    assert set(found) <= set(candidates(words))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_printed(shell: str) -> None:
    done = in_process("completion", shell, home=Path("data"))
    assert done.code == 0
    assert "compact completion --words" in done.out
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=done.out, text=True, check=False).returncode == 0


def test_bash_completes_a_verb_by_the_script(first_run: Home, tmp_path: Path) -> None:
    script = in_process("completion", "bash", home=Path("data")).out
    (tmp_path / "compact").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pipelines.cli "$@"\n')
    (tmp_path / "compact").chmod(0o755)
    asked = f'{script}\nCOMP_WORDS=(compact unit); COMP_CWORD=1; _compact; echo "${{COMPREPLY[@]}}"'
    done = subprocess.run(
        ["bash", "-c", asked],
        cwd=CHECKOUT,
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == "units", done.stderr


def test_help_version_and_completion_import_little() -> None:
    for arguments in (["--help"], ["--version"], ["completion", "--words", "sh"]):
        code = (
            f"import sys; sys.argv = ['compact', *{arguments!r}]\n"
            "from pipelines.cli.start import main\n"
            "try: main()\nexcept SystemExit: pass\n"
            "print(sorted({'typer', 'duckdb', 'rich', 'yaml', 'pydantic'} & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True)
        assert done.stdout.splitlines()[-1] == "[]", done.stderr


@pytest.mark.parametrize("name", ["show", "show one", "data", "rank", "list", "areas", "units", "about"])
def test_a_read_imports_neither_models_nor_frames(first_run: Home, name: str) -> None:
    heavy = {"pydantic", "sqlglot", "pyarrow", "pandas", "numpy", "yaml", "rich", "requests"}
    code = (
        f"import sys; sys.argv = ['compact', *{READING[name]!r}]\n"
        "from pipelines.cli.app import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=CHECKOUT,
        env=os.environ | {"COMPACT_HOME": str(first_run[0])},
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


@pytest.mark.slow
def test_showing_a_value_costs_little_more_than_importing_duckdb(first_run: Home) -> None:
    """The bar is 1.6 times on an idle machine (1.53 on 2026-11-30); a busy one is given a tenth."""
    environment = os.environ | {"COMPACT_HOME": str(first_run[0])}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def seconds(*arguments: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, *arguments], cwd=CHECKOUT, env=environment, check=True, stdout=subprocess.DEVNULL
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    pairs = [
        (seconds("-m", "pipelines.cli", *READING["show one"]), seconds("-c", "import duckdb"))
        for _ in range(6)
    ]
    assert min(shown for shown, _ in pairs) <= 1.6 * 1.1 * min(bare for _, bare in pairs), pairs


def test_version_and_a_wrong_verb(first_run: Home) -> None:
    assert re.fullmatch(r"compact \d+\.\d+\.\d+\n", in_process("--version", home=first_run[0]).out)
    wrong = in_process("shwo", home=first_run[0])
    assert (wrong.code, "show" in wrong.err) == (2, True)


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_with_one_line(tmp_path: Path, sent: signal.Signals, code: int) -> None:
    """As from a terminal: a process that a test starts may inherit signals that are ignored or blocked."""
    waits = (
        "import signal, sys, time\n"
        "signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT, signal.SIGTERM])\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "signal.signal(signal.SIGTERM, signal.SIG_DFL)\n"
        "from pipelines.cli import app\nfrom pipelines.cli.use import catalogue\n"
        "def search(text: str) -> None:\n    print('waiting', flush=True)\n    time.sleep(30)\n"
        "catalogue.search = search\nsys.argv = ['compact', 'search', 'x']\napp.main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", waits],
        cwd=CHECKOUT,
        env=os.environ | {"COMPACT_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    time.sleep(0.1)
    process.send_signal(sent)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, len(err.splitlines())) == (code, 1), err


def test_a_count_agrees_with_its_noun() -> None:
    done = compact("check", "indicators/catalogue/connectivity/internet_use.yaml", home=Path("data"))
    assert done.err.strip().endswith("1 file checked, 0 problems")
