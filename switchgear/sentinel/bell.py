"""What one task wakes another with."""

from __future__ import annotations

import asyncio


class Bell:
    """Rings until somebody has heard it."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wakes who waits, or who will."""
        self._rung.set()

    async def wait(self, seconds: float | None) -> None:
        """Until it rings, or so long."""
        # Not `asyncio.wait_for`: before Python 3.12 it forgets that it was cancelled if the bell rings just then.
        ringing = asyncio.ensure_future(self._rung.wait())
        try:
            await asyncio.wait([ringing], timeout=seconds)
        finally:
            ringing.cancel()
        self._rung.clear()
