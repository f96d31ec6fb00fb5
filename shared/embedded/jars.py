"""The jars of the real Apache Kafka: fetched once through jgo, checked against the committed SHA-256 sums every time.

``python -m shared.embedded.jars lock`` resolves the dependency tree again and rewrites the lock.
"""

import fcntl
import hashlib
import logging
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from shared.embedded.directories import cache_directory
from shared.embedded.errors import ServerError

if TYPE_CHECKING:
    from jgo.maven import MavenContext

KAFKA_VERSION = "4.2.2"
_ROOTS = (f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}", "org.slf4j:slf4j-simple:1.7.36")
LOCK = Path(__file__).with_name("kafka.lock.sha256")
_CHOICES = (
    "connect this machine to the public Maven repository, or set KAFKA_HOME to an unpacked Apache Kafka, "
    "or CLOSEBOOK_KAFKA to the address of a running broker, or CLOSEBOOK_CACHE to a cache filled elsewhere"
)


@dataclass(frozen=True, slots=True)
class LockedJar:
    """One line of the lock: the jar's path in a Maven repository and the SHA-256 of its bytes."""

    path: PurePosixPath
    sha256: str

    @property
    def coordinates(self) -> tuple[str, str, str]:
        """Return group, artifact and version, read off the path."""
        *group, artifact, version, _ = self.path.parts
        return ".".join(group), artifact, version

    def intact(self, repository: Path) -> bool:
        """Say whether the repository holds exactly these bytes."""
        try:
            return _sha256(repository / self.path) == self.sha256
        except OSError:
            return False


def read_lock(lock: Path = LOCK) -> tuple[LockedJar, ...]:
    """Return the locked jars, in class path order (the format is that of ``sha256sum``)."""
    lines = (line.split("  ", 1) for line in lock.read_text().splitlines() if line)
    return tuple(LockedJar(PurePosixPath(path), sha256) for sha256, path in lines)


def kafka_jars() -> list[Path]:
    """Return every jar of the class path, fetching what the shared cache lacks.

    Raises ``ServerError`` when a jar cannot be fetched or its bytes are not those of the lock.
    """
    repository = cache_directory() / "jars"
    repository.mkdir(exist_ok=True)
    jars = read_lock()
    # Two stacks that start at once share the cache: one fetches, the other waits and then finds everything there.
    with _alone(repository / ".lock"):
        missing = [jar for jar in jars if not jar.intact(repository)]
        if missing:
            _fetch(missing, repository)
    return [repository / jar.path for jar in jars]


def _fetch(jars: list[LockedJar], repository: Path) -> None:
    maven = _maven(repository)
    for jar in jars:
        (repository / jar.path).unlink(missing_ok=True)  # a download that was cut short
    try:
        with ThreadPoolExecutor(max_workers=6) as pool:
            list(pool.map(lambda jar: _download(maven, jar), jars))
    except (OSError, RuntimeError) as error:
        raise ServerError(
            f"Apache Kafka {KAFKA_VERSION} could not be fetched ({type(error).__name__}): {_CHOICES}."
        ) from error
    for jar in jars:
        if not jar.intact(repository):
            (repository / jar.path).unlink(missing_ok=True)
            raise ServerError(f"The fetched {jar.path.name} is not the locked one (its SHA-256 differs): not started.")


def _download(maven: "MavenContext", jar: LockedJar) -> None:
    group, artifact, version = jar.coordinates
    maven.project(group, artifact).at_version(version).artifact().resolve()


def _maven(repository: Path) -> "MavenContext":
    from jgo.maven import MavenContext  # noqa: PLC0415 - an image of a service has no Maven, and needs none

    logging.getLogger("jgo").setLevel(logging.ERROR)
    return MavenContext(repo_cache=repository, timeout=20)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def write_lock(lock: Path = LOCK) -> None:
    """Resolve Kafka's dependencies anew and write the lock."""
    repository = cache_directory() / "jars"
    maven = _maven(repository)
    roots, others = maven.resolver.resolve([maven.create_dependency(root) for root in _ROOTS])
    needed = [*roots, *(found for found in others if found.scope in {"compile", "runtime"})]
    paths = [Path(found.artifact.resolve()) for found in needed]
    lines = [f"{_sha256(path)}  {path.relative_to(repository).as_posix()}" for path in paths]
    lock.write_text("\n".join(lines) + "\n")


if __name__ == "__main__" and sys.argv[1:] == ["lock"]:
    write_lock()
