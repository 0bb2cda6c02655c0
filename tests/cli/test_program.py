from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import types
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

import dcmaudit
from dcmaudit.cli import main, registry
from dcmaudit.cli.common import Exit, log
from dcmaudit.errors import MissingExtraError, ServerError, SourceNotFoundError, StoreLockedError, UsageError
from dcmaudit.settings import Settings

INTERRUPTED = "dcmaudit: interrupted: what was not told before this line was not done"
Run = Callable[[argparse.Namespace, Settings], int]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[[Run], None]:
    """Installs a command ``try`` that takes files and does what it is told."""

    def install(run: Run) -> None:
        module = types.ModuleType("dcmaudit.cli._try")

        def configure(parser: argparse.ArgumentParser) -> None:
            parser.add_argument("files", nargs="*")
            parser.add_argument("-i", action="store_true", help="identify")
            parser.add_argument("-q", dest="quota", help="the command's own meaning of an option of all")

        module.NAME, module.SUMMARY = "try", "try something"  # type: ignore[attr-defined]
        module.configure, module.run = configure, run  # type: ignore[attr-defined]
        module.__spec__ = types.SimpleNamespace()  # type: ignore[assignment]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(registry.MODULES, "try", module.__name__)

    return install


def test_version_and_help_end_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert dcmaudit.__version__ in capsys.readouterr().out
    assert main(["--help"]) == 0
    assert "exit codes" in capsys.readouterr().out


def test_help_lists_every_command_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    out = capsys.readouterr().out
    for name in registry.available():
        module = registry.command(name)
        assert name == module.NAME
        assert f"  {name:<10} {module.SUMMARY}" in out
        assert main([name, "--help"]) == 0


def test_commands_that_are_not_installed_are_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.MODULES, "future", "dcmaudit.cli.future")
    assert "future" not in registry.available()


def test_help_loads_no_heavy_library() -> None:
    code = (
        "import sys; from dcmaudit.cli import main; main(['--help']);"
        "heavy = {'pydicom', 'sqlalchemy', 'uvicorn', 'starlette', 'imagecodecs', 'PIL', 'onnxruntime'};"
        "print('LOADED', sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.endswith("LOADED []\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["scan.dcm"], "unknown command 'scan.dcm'.*-i"),
        (["--tag"], "unrecognized arguments: --tag"),
        (["--port", "x"], "argument --port"),
        (["--port", "70000"], "setting port"),
        (["--db"], "expected one argument"),
        (["--config", "/none.toml"], "no such settings file"),
        (["--host", "server.example"], "--host server.example is no address"),
        (["--dump-database", "-i", "x"], "takes no files"),
    ],
)
def test_a_mistake_gets_one_line_and_code_2(capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    assert main(words) == Exit.USAGE
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert re.search(said, err), err


def test_options_count_before_and_behind_the_name_of_a_command(command: Callable[[Run], None]) -> None:
    seen: list[tuple[Settings, argparse.Namespace]] = []
    command(lambda args, settings: seen.append((settings, args)) or 0)
    assert main(["--user", "anna", "-d", "try", "-i", "a", "b", "--db", "/x"]) == 0
    settings, args = seen[0]
    assert (settings.user, settings.db, args.debug, args.i, args.files) == ("anna", "/x", True, True, ["a", "b"])
    assert main(["--user", "anna", "try", "--user", "ben"]) == 0
    assert seen[1][0].user == "ben"


def test_a_command_may_give_an_option_of_all_its_own_meaning(command: Callable[[Run], None]) -> None:
    seen: list[str] = []
    command(lambda args, _: seen.append(args.quota) or 0)
    assert main(["try", "-q", "5"]) == 0
    assert seen == ["5"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x"), 2),
        (MissingExtraError("x"), 2),
        (ServerError("port 80 is in use"), 2),
        (SourceNotFoundError("x", file="a.dcm", hint="look"), 1),
        (StoreLockedError("x"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_every_kind_of_end_has_its_code(
    command: Callable[[Run], None], capsys: pytest.CaptureFixture[str], error: BaseException, code: int
) -> None:
    def fail(_args: argparse.Namespace, _settings: Settings) -> int:
        raise error

    command(fail)
    assert main(["try"]) == code
    err = capsys.readouterr().err
    assert err == (f"dcmaudit: {error}\n" if code != 130 else f"{INTERRUPTED}\n")


def test_a_fault_says_its_kind_only_and_more_with_debug(
    command: Callable[[Run], None], capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_args: argparse.Namespace, _settings: Settings) -> int:
        raise ZeroDivisionError("Doe^Jane")

    command(fail)
    assert main(["try"]) == Exit.FAULT == 70
    err = capsys.readouterr().err
    assert "ZeroDivisionError" in err
    assert "report" in err
    assert "Doe" not in err
    assert "Traceback" not in err
    assert main(["-d", "try"]) == Exit.FAULT
    assert "Traceback" in capsys.readouterr().err


def test_the_code_of_the_command_is_the_code_of_the_program(command: Callable[[Run], None]) -> None:
    command(lambda _args, _settings: Exit.NOT_ALL)
    assert main(["try"]) == 1


def test_what_libraries_say_about_values_never_reaches_the_terminal(
    command: Callable[[Run], None], capsys: pytest.CaptureFixture[str]
) -> None:
    def work(_args: argparse.Namespace, _settings: Settings) -> int:
        import logging

        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning("Invalid value 'Doe^Jane'", UserWarning, "charset.py", 7)
        logging.getLogger("pydicom").warning("Doe^Jane")
        log.info("12 files")
        return 0

    command(work)
    for words in (["try"], ["-d", "try"]):
        assert main(words) == 0
        err = capsys.readouterr().err
        assert "Doe" not in err
        assert "12 files" in err
        assert ("UserWarning at charset.py:7" in err) == ("-d" in words)


def test_quiet_leaves_errors_only(command: Callable[[Run], None], capsys: pytest.CaptureFixture[str]) -> None:
    def work(_args: argparse.Namespace, _settings: Settings) -> int:
        log.info("going on")
        log.error("went wrong")
        return 0

    command(work)
    main(["--quiet", "try"])
    err = capsys.readouterr().err
    assert "went wrong" in err
    assert "going on" not in err


def test_a_misspelt_variable_gets_a_warning(
    command: Callable[[Run], None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command(lambda _args, _settings: 0)
    monkeypatch.setenv("DCMAUDIT_USR", "x")
    assert main(["try"]) == 0
    assert "DCMAUDIT_USR" in capsys.readouterr().err


def test_the_reader_of_the_output_may_go_away(tmp_path: Path) -> None:
    code = (
        "import sys, types; from dcmaudit.cli import main, review;"
        "review.run = lambda args, settings: print('x' * 10_000_000) or 0; sys.exit(main([]))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read(1)
    process.stdout.close()
    assert process.wait(60) == Exit.PIPE_CLOSED
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_command_with_130_and_without_a_trace(number: signal.Signals) -> None:
    code = (
        "import sys, time; from dcmaudit.cli import main, review;"
        "review.run = lambda args, settings: (print('ready', flush=True), time.sleep(60)); sys.exit(main([]))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.decode()) == (130, b"", f"{INTERRUPTED}\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_comes_while_the_program_ends_does_not_replace_its_exit_code(number: signal.Signals) -> None:
    """Ctrl+C pressed once more, a moment too late: the shell still hears 130, and nothing more is printed."""
    code = (
        "import atexit, sys, time; from dcmaudit.cli import main, review;"
        "atexit.register(lambda: (print('ending', flush=True), time.sleep(1)));"
        "review.run = lambda args, settings: (print('ready', flush=True), time.sleep(60));"
        "sys.argv[1:] = []; sys.exit(main())"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    for line in (b"ready\n", b"ending\n"):
        assert process.stdout.readline() == line
        process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.decode()) == (130, b"", f"{INTERRUPTED}\n")


def test_a_terminal_that_knows_only_ascii_still_gets_the_names(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "HOME": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-m", "dcmaudit", "--config", "/é.toml"],
        env=environment, capture_output=True, check=False,
    )  # fmt: skip
    assert run.returncode == 2
    assert run.stderr.startswith(b"dcmaudit: /\\xe9.toml: no such settings file")


@pytest.mark.parametrize(
    "words",
    [["frames", "x.dcm", "-x", "-o", "s3://bucket/out"], ["examples", "https://me:hidden@host.org/x"],
     ["db", "export", "az://box/x"], ["redact", "x.dcm", "--csv", "gs://box/x.csv"]],
)  # fmt: skip
def test_an_address_where_a_file_of_this_machine_is_needed_makes_no_folder_of_that_name(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    said = capsys.readouterr().err
    assert "of this machine" in said
    assert "hidden" not in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["redact", "--help"]])
def test_an_output_that_takes_nothing_is_no_success(words: list[str]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "dcmaudit", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert "choose another place" in done.stderr or "send it elsewhere" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "words", [["--db", "~nosuchuser/x", "db", "info"], ["--config", "~nosuchuser/c", "db", "info"]]
)
def test_a_home_of_nobody_is_named(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert "has no user for ~nosuchuser" in capsys.readouterr().err
