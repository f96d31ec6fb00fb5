"""Tokens of this machine's own: made anew as often as it is asked, and accepted by whoever knows the key set."""

from pathlib import Path

from shared.cli import local_access
from shared.local_issuer import LocalIssuer
from tests.support.staff import verifier_of


async def test_new_tokens_are_accepted_without_a_restart_of_any_service(tmp_path: Path) -> None:
    assert local_access.main([str(tmp_path)]) == 0
    keys = (tmp_path / "jwks.json").read_bytes()
    running = verifier_of(LocalIssuer.open(tmp_path))
    tokens = tmp_path / "tokens.env"
    tokens.write_text("CLOSEBOOK_TOKEN=of last month\n")
    assert local_access.main([str(tmp_path)]) == 0
    assert (tmp_path / "jwks.json").read_bytes() == keys
    made = dict(line.split("=", 1) for line in tokens.read_text().splitlines())
    assert (await running.verify(made["CLOSEBOOK_TOKEN_FINANCE"])).roles == {"finance"}
    assert (await running.verify(made["CLOSEBOOK_TOKEN"])).subject == "local-demo"
