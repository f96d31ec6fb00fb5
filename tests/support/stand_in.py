"""A stand-in for a service's process: ready at once, logs one line, ends on SIGTERM; for tests of the supervisor.

Called as ``stand_in.py SERVICE serve``; ``STAND_IN_FAILS=SERVICE`` makes that one end with an error, of the exit code
``STAND_IN_CODE``; one that is named in ``STAND_IN_UNREADY`` runs and never becomes ready.
"""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class _Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        away = os.environ.get("STAND_IN_UNREADY") == sys.argv[1]
        self.send_response(503 if away else 200)
        self.end_headers()
        self.wfile.write(json.dumps({"failing": ["database"] if away else []}).encode())

    def log_message(self, *_: object) -> None:
        pass


def main(service: str, verb: str) -> int:
    print(json.dumps({"event": f"{service}-{verb}", "variables": sorted(os.environ)}), flush=True)  # noqa: T201
    if os.environ.get("STAND_IN_FAILS") == service:
        print("no such table", flush=True)  # noqa: T201
        return int(os.environ.get("STAND_IN_CODE", "3"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    HTTPServer(("127.0.0.1", int(os.environ[f"{service.upper()}_PRIVATE_PORT"])), _Ready).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
