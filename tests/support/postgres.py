"""A throwaway PostgreSQL server, started as an ordinary user and gone afterwards."""

from __future__ import annotations

import getpass
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from support import dying

PASSWORD = "t0p-secret-word"
"""The password of the role ``guarded``, which must never be seen in any text."""


def programs() -> Path | None:
    """The folder of the newest server's programs, None where there is no server."""
    found = [Path(path).parent for path in [shutil.which("initdb") or ""] if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name.split(".")[0]))
    usable = [path for path in found if (path / "initdb").exists() and (path / "postgres").exists()]
    return usable[-1] if usable else None


def _ordinary_user() -> str | None:
    """Whom to become: initdb refuses to run as root. None where we are ordinary already."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise RuntimeError("no ordinary user to run PostgreSQL as")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """One server with a socket of its own. Over TCP it asks for passwords."""

    def __init__(self, bin_folder: Path) -> None:
        self._bin = bin_folder
        self._numbers = itertools.count()
        self.folder = Path(tempfile.mkdtemp(prefix="dcmaudit-pg-"))
        self.port = _free_port()
        self._user = _ordinary_user()
        if self._user is not None:
            account = pwd.getpwnam(self._user)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        data = self.folder / "data"
        self._run("initdb", "-D", data, "-U", "tester", "-E", "UTF8", "--locale=C", "--no-sync", "-A", "trust",
                  "--auth-host=scram-sha-256")  # fmt: skip
        # fsync is off: the tests kill clients, not this machine.
        self.process = dying.start(
            [self._bin / "postgres", "-D", data, "-k", self.folder, "-p", str(self.port), "-c", "fsync=off",
             "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"],
            folder=self.folder, user=self._user,
        )  # fmt: skip
        self._wait()
        self.sql(f"CREATE ROLE guarded LOGIN PASSWORD '{PASSWORD}'")

    def _as_user(self) -> dict:
        return {} if self._user is None else {"user": self._user, "group": self._user_group(), "extra_groups": []}

    def _user_group(self) -> int:
        return pwd.getpwnam(self._user or getpass.getuser()).pw_gid

    def _run(self, program: str, *arguments: object) -> str:
        done = subprocess.run(
            [str(self._bin / program), *map(str, arguments)],
            capture_output=True, text=True, check=False, cwd=self.folder, **self._as_user(),
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr}")
        return done.stdout

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError("the server ended at once")
            try:
                self.sql("SELECT 1")
            except RuntimeError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError("the server did not start")

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run one statement as the superuser; its output."""
        return self._run("psql", "-h", self.folder, "-p", self.port, "-U", "tester", "-qAt", "-d", database,
                         "-v", "ON_ERROR_STOP=1", "-c", statement)  # fmt: skip

    def new_database(self, template: str = "template0") -> str:
        """The address of a new database, empty or like ``template``, through the socket and without a password."""
        name = f"t{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return f"postgresql://tester@/{name}?host={self.folder}&port={self.port}"

    def stop(self) -> None:
        """End it without ceremony and remove everything."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)
        dying.stop(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)
