"""The program as a person starts it: a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Done:
    """How it ended."""

    exit_code: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        """Stdout as exactly one JSON document."""
        return json.loads(self.stdout)


@dataclass(frozen=True)
class Program:
    """``loadout --profile-dir DIR``."""

    profile_dir: Path

    def command(self, *arguments: object) -> list[str]:
        """The whole command line."""
        return [sys.executable, "-m", "app", "--profile-dir", str(self.profile_dir), *map(str, arguments)]

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """Start it; stdout and stderr are pipes."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def __call__(self, *arguments: object, stdin: str = "") -> Done:
        """Run it to its end."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=ROOT,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=50,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)
