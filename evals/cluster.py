"""Sessions over the nodes of a Ray cluster, by one setting: `INERTIA_RAY`, Ray's own address ("auto", host:port)."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import Future
from importlib import import_module
from typing import Any

from bot.errors import UserError
from bot.settings import Settings
from evals.fan import Pool, Processes, chunked, mark_in_place, play_in_place
from evals.marks import Mark
from evals.play import Played
from evals.spec import Spec

# A node that is lost takes its sessions with it: they are played again elsewhere, so many times.
RETRIES = 3


class Nodes:
    """Workers of a Ray cluster, one a core of each node; inertia is installed on every one. Raises UserError."""

    def __init__(self, address: str) -> None:
        try:
            self._ray: Any = import_module("ray")
        except ImportError as error:
            raise UserError("INERTIA_RAY is set and Ray is not installed; pip install inertia[cluster]") from error
        try:
            self._ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise UserError(
                f"INERTIA_RAY={address}: no cluster answers there; start one with `ray start --head`"
            ) from error
        self.workers = int(self._ray.cluster_resources().get("CPU", 1))
        self._play: Any = self._ray.remote(num_cpus=1, max_retries=RETRIES)(play_in_place)
        self._mark: Any = self._ray.remote(num_cpus=1, max_retries=RETRIES)(mark_in_place)

    def submit(self, spec: Spec) -> Future[dict[str, Any]]:
        """Play a session on one of the nodes."""
        return self._play.remote(spec.dump()).future()

    def mark(self, sessions: Iterable[Played]) -> dict[str, list[Mark]]:
        """The marks of sessions, by id, read on all of the nodes."""
        chunks = chunked(sessions, self.workers)
        read: list[list[list[Mark]]] = self._ray.get([self._mark.remote(chunk) for chunk in chunks])
        return {
            one.spec.id: marks
            for chunk, found in zip(chunks, read, strict=True)
            for one, marks in zip(chunk, found, strict=True)
        }

    def close(self) -> None:
        """Leave the cluster as it was."""
        self._ray.shutdown()


def pool_of(settings: Settings, workers: int | None = None) -> Pool:
    """Where sessions are played: the cluster that is set, else processes on this machine."""
    return Nodes(settings.ray) if settings.ray else Processes(workers)
