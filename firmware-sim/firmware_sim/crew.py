"""Processes that start together and never outlive the one who started them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_PATIENCE = 8.0
_LOOK_AGAIN = 0.2
_LAST_LINES = 12


class CrewFailed(Exception):
    """A process ended that should not have, or could not do its work."""


class Crew:
    """Runs commands in groups of their own, with a log file for each."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """Keep the logs in `folder`, which is also where the commands run."""
        self._folder = folder
        self._environment = {**os.environ, **environment}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "firmware_sim.keeper"],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start a command."""
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(  # noqa: S603  our own commands
                command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._running[name] = process
        self._tell(f"+{process.pid}")

    def finish(self, *names: str) -> None:
        """Wait for commands that end by themselves; raises CrewFailed if one fails."""
        for name in names:
            if self._running[name].wait():
                raise self._failure(name)
            self._forget(name)

    def check(self) -> None:
        """Raise CrewFailed when somebody has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise self._failure(name)

    def log(self, name: str) -> Path:
        """Return where a command's words go."""
        return self._folder / f"{name}.log"

    def stop(self) -> None:
        """End everybody, the last one first, politely and then for certain."""
        for name in reversed(list(self._running)):
            self._end(self._running[name])
            self._forget(name)
        if self._keeper.stdin:
            self._keeper.stdin.close()
        self._keeper.wait()

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE)

    def _forget(self, name: str) -> None:
        self._tell(f"-{self._running.pop(name).pid}")

    def _tell(self, line: str) -> None:
        if self._keeper.stdin:
            self._keeper.stdin.write(f"{line}\n".encode())
            self._keeper.stdin.flush()

    def _failure(self, name: str) -> CrewFailed:
        words = self.log(name).read_text("utf-8", "replace").splitlines()
        last = "\n".join(words[-_LAST_LINES:])
        code = self._running[name].returncode
        return CrewFailed(
            f"{name} ended with code {code}; {self.log(name)} says:\n{last}"
        )


def wait_for(crew: Crew, ready: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something is true while everybody lives; raises CrewFailed."""
    until = time.monotonic() + seconds
    while not ready():
        crew.check()
        if time.monotonic() > until:
            raise CrewFailed(f"{what}: not within {seconds:.0f} s")
        time.sleep(_LOOK_AGAIN)
