"""What Prometheus reads, on loopback only. The dashboard is docs/grafana.json."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

if TYPE_CHECKING:
    from threading import Thread
    from wsgiref.simple_server import WSGIServer

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """Of one sentinel."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        gauge = partial(Gauge, registry=self.registry, namespace="switchgear")
        counter = partial(Counter, registry=self.registry, namespace="switchgear")
        seconds = partial(Histogram, registry=self.registry, namespace="switchgear", buckets=_SECONDS)
        self.head = gauge("head_block", "Highest block that an endpoint claims.")
        self.cursor = gauge("cursor_block", "Last block that was taken.")
        self.cursor_gap = gauge("cursor_gap_blocks", "Blocks between the two.")
        self.head_lag = gauge("head_lag_seconds", "Age of the last block by this clock, when it was taken.")
        self.observations = counter("observations", "Actions of agents that were observed.")
        self.incidents = counter("incidents", "Scores that fired.", ["detector"])
        self.trips = counter("trips", "Openings seen on the chain, by cause.", ["reason"])
        self.actions = counter("actions", "Actions of this sentinel, by what became of them.", ["status"])
        self.to_broadcast = seconds(
            "event_to_broadcast_seconds",
            "From observation to broadcast.",
        )
        self.to_mined = seconds("event_to_mined_seconds", "From observation to read-back.")
        self.balance = gauge("signer_balance_ether", "What the signer has.")
        self.endpoints = gauge("endpoint_up", "Whether an endpoint answers and keeps up.", ["endpoint"])
        self.rollbacks = counter("rollbacks", "Reorganisations that were undone.")

    def serve(self, port: int) -> tuple[WSGIServer, Thread]:
        """Starts to answer at this port of loopback; the server and its thread."""
        return start_http_server(port, addr="127.0.0.1", registry=self.registry)
