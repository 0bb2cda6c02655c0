"""Keys of a user's own, instead of those of the table; and the windows that a user has saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dcmaudit.errors import ReviewError, UsageError
from dcmaudit.review.commands import arguments as take
from dcmaudit.review.commands.arguments import Arguments
from dcmaudit.review.commands.command import Command
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.state.own_windows import checked, with_window, without
from dcmaudit.review.state.session import Session

RESERVED = frozenset({
    " ", "Tab", "Enter", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Shift", "Control", "Alt", "Meta",
    "CapsLock", "F5", "Ctrl+r", "Ctrl+w", "Ctrl+t", "Ctrl+n",
})  # fmt: skip
"""Keys that the stage, the menus or the browser have: no command can have them."""

_MOST, _LONGEST = 4, 24


def bind(commands: Iterable[Command], services: Services, arguments: Arguments) -> None:
    """Give commands other keys: ``keys`` has, by command, all that it is to have; the others have those of the table.

    UsageError for a command that there is not, for a reserved key, and for a key that two commands would have.
    """
    own = take.lists_of_texts(arguments, "keys")
    table = {command.name: command.keys for command in commands if command.menu is not None}
    unknown = sorted(set(own) - set(table))
    if unknown:
        raise UsageError(f"there is no command {unknown[0]!r} that a key can be given to")
    for name, keys in own.items():
        _check(name, keys)
    _refuse_conflicts({**table, **own})
    services.preferences.keep_keys({name: keys for name, keys in own.items() if list(table[name]) != keys})


def _check(name: str, keys: Sequence[str]) -> None:
    if len(keys) > _MOST:
        raise UsageError(f"{name} has {len(keys)} keys", hint=f"at most {_MOST} are allowed")
    for key in keys:
        if not key or len(key) > _LONGEST:
            raise UsageError("that is no name of a key")
        if key in RESERVED:
            raise UsageError(f"the key {key!r} belongs to the page or the browser", hint="choose another one")


def _refuse_conflicts(bound: Mapping[str, Sequence[str]]) -> None:
    owners: dict[str, str] = {}
    for name, keys in bound.items():
        for key in keys:
            other = owners.setdefault(key, name)
            if other != name:
                raise UsageError(f"both {other} and {name} would have the key {key!r}", hint="give one of them another")


def save_window(session: Session, services: Services, arguments: Arguments) -> None:
    """Save the window of ``center`` and ``width`` under ``name``, for files of the modality of the open one."""
    window = checked(
        take.text(arguments, "name"),
        _modality(session),
        take.decimal(arguments, "center"),
        take.decimal(arguments, "width"),
    )
    services.preferences.keep_windows(with_window(services.preferences.windows(), window))
    session.say(f"The window is saved as {window.name}.")


def forget_window(session: Session, services: Services, arguments: Arguments) -> None:
    """Forget the window that was saved under ``name`` for the modality of the open file."""
    name, modality = take.text(arguments, "name"), _modality(session)
    windows = services.preferences.windows()
    left = without(windows, name, modality)
    if len(left) == len(windows):
        raise ReviewError("no window was saved under that name")
    services.preferences.keep_windows(left)


def _modality(session: Session) -> str:
    facts = session.opened().facts
    return (facts.device.modality if facts else None) or ""
