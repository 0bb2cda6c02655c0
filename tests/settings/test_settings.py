from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
from pydantic import ValidationError

from dcmaudit.errors import UsageError
from dcmaudit.settings import Settings, config_path, load, unknown_variables


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that says nothing, and a home of its own."""
    for name in list(os.environ):
        if name.startswith("DCMAUDIT_") or name in {"SMI_ROOT", "PACS_ROOT", "TESSDATA_PREFIX"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LOGNAME", "reviewer7")
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)


def config(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_without_anything_said_the_defaults_hold(tmp_path: Path) -> None:
    settings = load()
    assert settings.user == "reviewer7"
    assert settings.database == str(tmp_path / "home/.local/share/dcmaudit")
    assert (settings.port, settings.browser, settings.viewer, settings.recursive) == (0, True, False, False)
    assert settings.pacs_root is settings.smi_root is settings.rules_folder is None
    assert settings.browse_roots == ()


def test_flags_win_over_environment_over_file_over_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = config(tmp_path / "c.toml", "port = 1001\n")
    assert load().port == 0
    assert load(config=path).port == 1001
    monkeypatch.setenv("DCMAUDIT_PORT", "1002")
    assert load(config=path).port == 1002
    assert load({"port": 1003}, config=path).port == 1003
    assert load({"port": None}, config=path).port == 1002


@pytest.mark.parametrize("name", ["SMI_ROOT", "PACS_ROOT", "TESSDATA_PREFIX"])
def test_shared_variables_count_after_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    path = config(tmp_path / "c.toml", f'{name.lower()} = "/from/file"\n')
    assert getattr(load(config=path), name.lower()) == Path("/from/file")
    monkeypatch.setenv(name, "/shared")
    assert getattr(load(config=path), name.lower()) == Path("/shared")
    monkeypatch.setenv(f"DCMAUDIT_{name}", "/own")
    assert getattr(load(config=path), name.lower()) == Path("/own")


def test_an_empty_variable_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACS_ROOT", "")
    monkeypatch.setenv("DCMAUDIT_DB", "")
    assert load().pacs_root is None
    assert load().db is None


def test_the_database_is_where_the_guide_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMI_ROOT", "/smi")
    assert load().database == "/smi/data/dicompixelanon"
    assert load().rules_folder == Path("/smi/data/deid")
    assert load({"db": str(tmp_path)}).database == str(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert load({"db": "here/../there"}).database == str(tmp_path / "there")
    assert load({"db": "postgresql://me@host/team"}).database == "postgresql://me@host/team"


def test_the_users_own_file_is_read_and_need_not_exist(tmp_path: Path) -> None:
    assert config_path() == tmp_path / "home/.config/dcmaudit/config.toml"
    config(config_path(), 'viewer = true\nbrowse_roots = ["/data"]\n')
    assert load().viewer
    assert load().browse_roots == (Path("/data"),)


def test_paths_in_the_file_are_meant_from_where_it_is(tmp_path: Path) -> None:
    path = config(tmp_path / "site" / "c.toml", 'db = "marks"\npacs_root = "~/x"\n')
    assert load(config=path).db == str(tmp_path / "site/marks")
    assert load(config=path).pacs_root == tmp_path / "home/x"


def test_roots_in_the_environment_are_divided_as_in_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DCMAUDIT_BROWSE_ROOTS", "/a:/b")
    assert load().browse_roots == (Path("/a"), Path("/b"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prot = 1", "unknown setting 'prot'.*did you mean port"),
        ("port = 70000", "setting port"),
        ("port = 'x'", "setting port"),
        ("[user]\nname = 1", "setting user"),
        ("port = ", "not TOML"),
        ("browse_roots = 5", "setting browse_roots"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name(tmp_path: Path, text: str, words: str) -> None:
    path = config(tmp_path / "c.toml", text)
    with pytest.raises(UsageError, match=words) as raised:
        load(config=path)
    assert raised.value.file == str(path)


@pytest.mark.parametrize("name", ["dask_wait", "db_wait"])
@pytest.mark.parametrize("value", ["inf", "Infinity", "nan", "-inf", "1e300", "0", "-1", "604801"])
def test_nothing_waits_for_ever(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"DCMAUDIT_{name.upper()}", value)
    with pytest.raises(UsageError, match=rf"setting {name} \(DCMAUDIT_{name.upper()} in the environment\)") as raised:
        load()
    assert "\n" not in raised.value.words
    monkeypatch.setenv(f"DCMAUDIT_{name.upper()}", "604800")
    assert getattr(load(), name) == 604800


@pytest.mark.parametrize("name", ["port", "dask_wait", "db_wait"])
def test_true_is_no_number(tmp_path: Path, name: str) -> None:
    for word in ("true", "false"):
        path = config(tmp_path / "c.toml", f"{name} = {word}\n")
        with pytest.raises(UsageError, match=rf"setting {name}: it must be a number, not true or false"):
            load(config=path)


@pytest.mark.parametrize("user", ["two\nlines", "a\rb", "bell\a", "a\u2028b", "a\x85b", "\t", "\x00"])
def test_who_marks_is_named_in_one_line(user: str) -> None:
    with pytest.raises(UsageError, match="setting user: it must be one line") as raised:
        load({"user": user})
    assert user not in raised.value.words


@pytest.mark.parametrize("user", ["M\u00fcller, K.", "a\u00a0b", "\u0645\u06cc\u200c\u062e", "uid 1000"])
def test_names_of_every_script_are_names(user: str) -> None:
    assert load({"user": user}).user == user


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such settings file"):
        load(config=tmp_path / "none.toml")
    with pytest.raises(UsageError, match="cannot be read"):
        load(config=tmp_path)
    (tmp_path / "bytes.toml").write_bytes(b'user = "\xff"')
    with pytest.raises(UsageError, match="UTF-8"):
        load(config=tmp_path / "bytes.toml")


def test_a_bad_variable_is_not_blamed_on_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DCMAUDIT_PORT", "secret-value")
    with pytest.raises(UsageError, match="setting port") as raised:
        load(config=config(tmp_path / "c.toml", "port = 5"))
    assert raised.value.file is None
    assert "secret-value" not in str(raised.value)
    assert "DCMAUDIT_PORT in the environment" in str(raised.value)


def test_a_bad_option_is_blamed_on_neither_file_nor_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("5", ""):
        monkeypatch.setenv("DCMAUDIT_PORT", variable)
        with pytest.raises(UsageError, match="setting port: ") as raised:
            load({"port": 70000}, config=config(tmp_path / "c.toml", "port = 5"))
        assert raised.value.file is None


def test_a_password_in_the_database_address_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load({"db": "postgresql://me:hunter2@host/team"})
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings)
    monkeypatch.setenv("DCMAUDIT_USER", "x" * 300)
    with pytest.raises(UsageError) as raised:
        load({"db": "postgresql://me:hunter2@host/team"})
    assert "hunter2" not in str(raised.value)


def test_misspelt_variables_are_told() -> None:
    environment = {"DCMAUDIT_PROT": "1", "DCMAUDIT_PORT": "1", "DCMAUDIT_SMI_ROOT": "", "OTHER": ""}
    assert unknown_variables(environment) == ["DCMAUDIT_PROT"]


def test_settings_cannot_be_changed_and_survive_the_way_to_a_worker() -> None:
    settings = load({"port": 5})
    with pytest.raises(ValidationError):
        settings.port = 6  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(settings)) == settings  # noqa: S301 made here


def test_a_dotenv_file_of_the_working_directory_never_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config(tmp_path / ".env", "DCMAUDIT_PORT=1234\n")
    assert load().port == 0


def test_a_user_without_a_name_is_still_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 987654)
    assert load().user == "uid 987654"


def test_every_setting_gives_the_reason_for_its_default() -> None:
    source = Path(__import__("dcmaudit.settings.settings", fromlist=["x"]).__file__).read_text("utf-8")
    for name in Settings.model_fields:
        after = source.split(f"\n    {name}: ", 1)[1].split("\n    def ")[0]
        documentation = after.split('"""')[1]
        assert len(documentation) > 50, name
