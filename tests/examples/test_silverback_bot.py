"""The Silverback bot of examples/, run by Silverback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from switchgear.bench.run import Bench, Heads
from switchgear.gas.chain import listening

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A node with an agent, its guardian (Ape's test account 5), and somebody who denies it."""
    with listening("--accounts", "6") as url, closing(Heads(url)) as heads:
        yield Bench(url, heads)


def test_bot__an_agent_is_denied_three_times__its_kill_switch_opens(bench: Bench, tmp_path: Path) -> None:
    """S4: for those who run Silverback: a guardian in thirty lines."""
    (tmp_path / "ape-config.yaml").write_text(f"foundry:\n  host: {bench.url}\n")
    silverback = shutil.which("silverback", path=str(Path(sys.executable).parent))
    assert silverback is not None
    network = ["--network", "ethereum:local:foundry", "--account", "TEST::5"]
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [silverback, "run", "examples.silverback.bot:bot", *network],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _until(lambda: "transitioning to runtime" in log.read_text(), log)
            time.sleep(0.5)
            bench.deny(2, mark=False)
            time.sleep(1)
            assert not bench.stopped
            bench.deny(1, mark=False)
            _until(lambda: bench.stopped, log)
        finally:
            process.kill()
            process.wait()


def _until(condition: object, log: Path) -> None:
    assert callable(condition)
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
