"""``python -m shared.events.publish_schemas [ROOT]``: write the committed schemas and the AsyncAPI document anew."""

import json
import sys
from pathlib import Path
from typing import Any

from shared.events.asyncapi import document
from shared.events.compatibility import breaks
from shared.events.topics import CHANNELS, Channel

SCHEMAS = Path(__file__).parent / "schemas"
ASYNCAPI = Path("docs") / "asyncapi.json"


def schema_of(channel: Channel) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of one channel's data, by its names on the wire."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{channel.type}.json",
        **channel.model.model_json_schema(by_alias=True),
    }


def rendered(content: dict[str, Any]) -> str:
    """Return a document as it is committed."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def files(root: Path) -> dict[Path, str]:
    """Return every generated file under the checkout ``root`` with its text."""
    schemas = {channel.type: schema_of(channel) for channel in CHANNELS}
    written = {SCHEMAS / f"{name}.json": rendered(schema) for name, schema in schemas.items()}
    return written | {root / ASYNCAPI: rendered(document(schemas))}


def broken_promises() -> list[str]:
    """Return what the classes no longer keep of the committed schemas; a topic without one promised nothing yet."""
    found = []
    for channel in CHANNELS:
        committed = SCHEMAS / f"{channel.type}.json"
        if committed.exists():
            found += [
                f"{channel.type} {each}" for each in breaks(json.loads(committed.read_text()), schema_of(channel))
            ]
    return found


def main(root: Path) -> int:
    """Write every generated file; refuse (1) where a promise would be broken: that takes a new major version."""
    broken = broken_promises()
    if broken:
        sys.stderr.write("\n".join(broken) + "\n")
        return 1
    for path, text in files(root).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
