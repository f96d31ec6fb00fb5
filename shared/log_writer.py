"""The thread that writes log lines: a bounded queue in front of it, the less important lines dropped first."""

import os
import threading
import time
from collections import deque

from shared.log_events import LogEvent, Severity
from shared.log_lines import Entry, Envelope, Renderer

CAPACITY = 20_000
_CHUNK = 500


class Writer:
    """Writes entries to a file descriptor; ``put`` never waits, whatever the reader does."""

    def __init__(self, descriptor: int, envelope: Envelope, *, capacity: int = CAPACITY) -> None:
        self.dropped = 0
        self._told = 0
        self._descriptor = descriptor
        self._renderer = Renderer(envelope)
        self._capacity = capacity
        self._queue: deque[Entry] = deque()
        self._awake = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def put(self, entry: Entry) -> None:
        """Queue one line; when the queue is three quarters full only warnings and worse still get in."""
        waiting = len(self._queue)
        if waiting >= self._capacity or (waiting >= self._capacity * 3 // 4 and entry[1].severity < Severity.WARNING):
            self.dropped += 1
            return
        self._queue.append(entry)
        if not self._awake.is_set():
            self._idle.clear()
            self._awake.set()

    def flush(self, seconds: float) -> None:
        """Wait until the queue is written, at most this long."""
        self._awake.set()
        end = time.monotonic() + seconds
        while (self._queue or not self._idle.is_set()) and time.monotonic() < end:
            time.sleep(0.002)

    def close(self, seconds: float = 2.0) -> None:
        """Write what is queued and end the thread."""
        self.flush(seconds)
        self._closing = True
        self._awake.set()
        self._thread.join(timeout=0.2)

    def _run(self) -> None:
        while not self._closing:
            self._awake.wait()
            self._awake.clear()
            try:
                self._drain()
            except OSError:
                self._queue.clear()  # the reader is gone for good; the service goes on
            self._idle.set()

    def _drain(self) -> None:
        """Write everything queued, many lines to a system call."""
        while self._queue:
            take = min(len(self._queue), _CHUNK)
            lines = [self._renderer.render(self._queue.popleft()) for _ in range(take)]
            if self.dropped != self._told:
                self._told = self.dropped
                lines.append(self._renderer.render((time.time_ns(), LogEvent.LOG_DROPPED, {"dropped": self._told})))
            self._write("".join(lines).encode("utf-8", "backslashreplace"))

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._descriptor, view) :]
            except BlockingIOError:
                time.sleep(0.01)  # somebody made the descriptor non-blocking
