"""Metrics are there, on loopback only, and the dashboard asks for none that is not."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from switchgear.sentinel.metrics import Metrics
from tests.sentinel.conftest import until

if TYPE_CHECKING:
    from tests.sentinel.conftest import Chain, Watch

DASHBOARD = Path(__file__).parents[2] / "docs" / "grafana.json"


def names() -> set[str]:
    """Of all samples."""
    metrics = Metrics()
    for labelled in (metrics.incidents, metrics.trips, metrics.actions, metrics.endpoints):
        labelled.labels("x")
    return {sample.name for metric in metrics.registry.collect() for sample in metric.samples}


def test_dashboard__every_metric__exists_and_is_shown() -> None:
    """S14: docs/grafana.json names what the sentinel measures, all of it and nothing else."""
    queries = [target["expr"] for panel in json.loads(DASHBOARD.read_text())["panels"] for target in panel["targets"]]
    asked = {name for query in queries for name in re.findall(r"switchgear_\w+", query)}
    assert asked <= names()
    ignored = ("_created", "_sum", "_count")
    assert {name for name in names() if not name.endswith(ignored)} <= asked


def test_serve__after_a_trip__counts_it_on_loopback_only(chain: Chain, watch: Watch) -> None:
    """S14: latencies, trips by reason and the signer's balance, for whoever is on this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with watch.running(metrics_port=port, survey=0.1):
        until(lambda: watch.taken(chain.height), "first start")
        chain.act(17)
        until(lambda: watch.ask(lambda s: [a.status for a in s.actions()]) == ["landed"], "read-back")
        until(lambda: watch.taken(chain.height), "the trip")
        until(lambda: "balance_ether 0.0" not in _scrape(port), "a survey")
        text = _scrape(port)
        assert _bound_to(port) == "127.0.0.1"
    assert 'switchgear_trips_total{reason="guardian"} 1.0' in text
    assert 'switchgear_incidents_total{detector="marks"} 1.0' in text
    assert "switchgear_event_to_broadcast_seconds_count 1.0" in text
    assert "switchgear_event_to_mined_seconds_count 1.0" in text
    assert f"switchgear_cursor_block {float(chain.height)}" in text
    assert "switchgear_cursor_gap_blocks 0.0" in text


def _scrape(port: int) -> str:
    return requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text


def _bound_to(port: int) -> str:
    """Where the port is bound, by the kernel's table."""
    wanted = f"{port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    (local,) = {row[1] for row in rows if row[1].endswith(":" + wanted) and row[3] == "0A"}
    return socket.inet_ntoa(bytes.fromhex(local.partition(":")[0])[::-1])
