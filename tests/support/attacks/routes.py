"""Requests to every route of the page's server that no page sends."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

from support.apps import make_app, wait_for, write_cine
from support.pages import running

_REQUESTS = 60
_WORDS = [
    "",
    "x",
    "..",
    "../../etc/passwd",
    "~nobody",
    "/proc/self/mem",
    "f1",
    "f0",
    "o6000.1",
    "-1",
    "1e9",
    "\0",
    "%00",
    "é",
    "A" * 3000,
]
_VALUES: list[Any] = [
    None,
    True,
    -1,
    0,
    1,
    10**30,
    1.5,
    "",
    "x",
    "f1",
    [],
    [1, 2, 3, 4],
    [[]],
    {},
    {"a": 1},
    ["x"] * 50,
]


def strange_requests(chance: random.Random, folder: Path) -> None:
    """Wrong types, names and methods: an answer below 500 each, and the server is still there."""
    app = make_app(folder / "db", [write_cine(folder / "US1.dcm", uid=1)])
    # Odd names may be places of files: what is made of them stays in the folder.
    deep = folder / "a" / "b" / "c"
    deep.mkdir(parents=True)
    before = Path.cwd()
    os.chdir(deep)
    try:
        wait_for(lambda: not app.first.growing)
        with running(app) as (client, access):
            client.get(f"/?token={access.token}")
            client.headers["X-Dcmaudit"] = "1"
            document = client.post("/api/documents").json()["doc"]
            names = [row["name"] for row in client.get("/api/commands").json() if row["name"] != "quit"]
            for _ in range(_REQUESTS):
                _one(client, chance, document, names)
            assert client.get("/api/commands").status_code == 200
    finally:
        os.chdir(before)
        app.close()


def _one(client: Any, chance: random.Random, document: str, names: list[str]) -> None:
    known = {"index", "key", "text", "box", "handle", "start", "dx", "dy", "name", "value", "file_id", "shown", "how",
             "confirm", "id", "path", "paths", "location", "scope", "status"}  # fmt: skip
    if chance.random() < 0.6:
        arguments = {word: chance.choice(_VALUES) for word in chance.sample(sorted(known), chance.randint(0, 4))}
        body: dict[str, Any] = {"command": chance.choice(names), "name": chance.choice(names), "args": arguments}
        body |= arguments
        told = f"POST do {body}"
        answer = client.post(f"/api/d/{document}/do", json=body, timeout=60)
    else:
        route = chance.choice(
            ["state", "image/0/{}", "thumb/0/{}", "image/{}/f1", "worklist", "{}", "series/{}", "projection/0/{}"]
        )
        place = route.format(chance.choice(_WORDS).replace("\0", "%00"))
        query = {chance.choice(["path", "since", "from", "count", "view", "v", "x", "y"]): chance.choice(_WORDS)}
        top = chance.choice([f"/api/d/{document}/{place}", f"/api/{place}", "/api/browse"])
        told = f"GET {top} {query}"
        answer = client.request(chance.choice(["GET", "GET", "GET", "POST", "HEAD"]), top, params=query, timeout=60)
    assert answer.status_code < 500, f"{answer.status_code} for {told}: {answer.text[:300]}"
