"""Who holds which secret where Closebook is deployed: keys that sign, passwords, tokens."""

import pytest

from tests.architecture.source import ROOT, SERVICES
from tests.contract.test_deploy import CONTAINERS, container

RECIPE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")


def mounted(name: str) -> dict[str, str]:
    """The volumes of a container: where each is seen, with ``:ro`` where it only reads."""
    parts = [volume.partition(":") for volume in container(name).get("volumes", [])]
    return {volume: place for volume, _, place in parts}


def issuers_folders() -> tuple[str, str]:
    """Where the issuer of tokens keeps what signs, and where it puts what anybody may know."""
    signing, public = container("issuer")["command"]
    return signing, public


def test_only_the_issuer_and_the_commands_mount_what_signs_tokens() -> None:
    signing, public = issuers_folders()
    secret, known = (next(name for name, at in mounted("issuer").items() if at == place) for place in (signing, public))

    assert secret != known
    assert {name for name in CONTAINERS if secret in mounted(name)} == {"issuer", "closebook"}
    assert {name for name in CONTAINERS if known in mounted(name)} == {"issuer", *SERVICES}
    assert mounted("closebook")[secret] == f"{signing}:ro"
    assert f"{signing}/tokens.env" in container("closebook")["entrypoint"][2]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_the_public_keys_and_cannot_change_them(service: str) -> None:
    _, public = issuers_folders()

    assert f"{public}:ro" in mounted(service).values()
    assert container(service)["environment"]["CLOSEBOOK_JWKS"] == f"{public}/jwks.json"


def test_the_image_has_the_folders_so_that_a_new_volume_is_the_users() -> None:
    assert set(issuers_folders()) <= set(RECIPE.partition("install -d")[2].partition("\n")[0].split())
