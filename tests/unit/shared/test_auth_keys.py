"""How long a key is trusted, and how often its set is asked for."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import ECKey

from shared import auth_keys
from shared.auth_keys import KeySource, KeysUnavailableError, UnknownKeyError
from shared.logs import capture

HOUR = 3600.0


class Clock:
    """A clock that the test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Provider:
    """An identity provider: its keys, whether it answers, and how often it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.keys = [made(), made()]
        self.away = False
        self.asked = 0
        self.answers = asyncio.Event()
        self.answers.set()
        self.clock = Clock()
        self.source = KeySource("https://id.example/jwks.json", self.clock)
        monkeypatch.setattr(self.source, "_fetch", self._fetch)

    async def _fetch(self) -> bytes:
        self.asked += 1
        await self.answers.wait()
        if self.away:
            raise httpx.ConnectTimeout("nobody is there")
        return document(*self.keys)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    return Provider(monkeypatch)


def made() -> ECKey:
    return ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True)


def document(*keys: ECKey) -> bytes:
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


def name(key: ECKey) -> str:
    return str(key.kid)


async def knows(source: KeySource, key: ECKey) -> bool:
    try:
        await source.find(name(key))
    except UnknownKeyError:
        return False
    return True


async def refreshed(provider: Provider) -> None:
    """Let a fetch that is under way end: whoever has no key waits for it."""
    with pytest.raises(UnknownKeyError):
        await provider.source.find("bogus")


async def test_a_key_that_is_taken_out_of_the_file_is_refused_at_once(tmp_path: Path) -> None:
    stays, goes, place = made(), made(), tmp_path / "jwks.json"
    place.write_bytes(document(stays, goes))
    source = KeySource(str(place))
    assert await knows(source, goes)
    place.write_bytes(document(stays))
    assert not await knows(source, goes)
    assert await knows(source, stays)


async def test_a_file_that_is_put_in_place_of_another_is_read_whatever_its_age(tmp_path: Path) -> None:
    """A rename keeps the new file's time, which may be older; both may be of one size."""
    first, second, place = made(), made(), tmp_path / "jwks.json"
    (tmp_path / "next.json").write_bytes(document(second))
    place.write_bytes(document(first))
    source = KeySource(str(place))
    assert await knows(source, first)
    (tmp_path / "next.json").rename(place)
    assert await knows(source, second)
    assert not await knows(source, first)


@pytest.mark.parametrize("spoilt", [None, b"", b'{"keys": [', b"[]", b"[" * 100_000], ids=range(5))
async def test_a_file_that_cannot_be_read_any_more_is_trusted_for_a_day(tmp_path: Path, spoilt: bytes | None) -> None:
    key, place, clock = made(), tmp_path / "jwks.json", Clock()
    place.write_bytes(document(key))
    source = KeySource(str(place), clock)
    assert await knows(source, key)
    clock.now += 100 * HOUR
    assert await knows(source, key), "a file that did not change is as good as on the first day"
    place.unlink() if spoilt is None else place.write_bytes(spoilt)
    clock.now += 23 * HOUR
    with capture() as lines:
        assert await knows(source, key)
    assert [line["event.name"] for line in lines] == ["keys_unavailable"]
    clock.now += 2 * HOUR
    with pytest.raises(KeysUnavailableError):
        await source.find(name(key))
    place.write_bytes(document(key))
    assert await knows(source, key), "mended, it is read without waiting"


async def test_a_key_that_the_provider_withdrew_is_refused_after_ten_minutes(provider: Provider) -> None:
    gone = provider.keys[0]
    assert await knows(provider.source, gone)
    provider.keys.pop(0)
    provider.clock.now += 601
    assert not await knows(provider.source, gone)
    provider.keys.clear()
    provider.clock.now += 601
    with pytest.raises(UnknownKeyError):
        await provider.source.find("any")


async def test_keys_of_a_provider_that_is_away_are_trusted_for_a_day(provider: Provider) -> None:
    [key, _] = provider.keys
    assert await knows(provider.source, key)
    provider.away = True
    provider.clock.now += 24 * HOUR - 1
    with capture() as lines:
        assert await knows(provider.source, key)
    assert [line["event.name"] for line in lines] == ["keys_unavailable"]
    provider.clock.now += 2
    with pytest.raises(KeysUnavailableError, match="ConnectTimeout"):
        await provider.source.find(name(key))
    provider.away = False
    provider.clock.now += 6
    assert await knows(provider.source, key)


async def test_a_provider_that_is_away_at_the_start_is_asked_every_few_seconds(provider: Provider) -> None:
    provider.away = True
    for _ in range(20):
        with pytest.raises(KeysUnavailableError, match="ConnectTimeout"):
            await provider.source.find("bogus")
    assert provider.asked == 1
    provider.clock.now += 6
    with pytest.raises(KeysUnavailableError):
        await provider.source.find("bogus")
    assert provider.asked == 2


async def test_many_requests_at_once_make_one_fetch(provider: Provider) -> None:
    provider.away = True
    provider.answers.clear()
    waiting = [asyncio.create_task(provider.source.find(f"bogus-{number}")) for number in range(20)]
    await asyncio.sleep(0.01)
    provider.clock.now += 5  # as long as a fetch takes at most
    provider.answers.set()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(one) for one in ended} == {KeysUnavailableError}
    assert provider.asked == 1


async def test_whoever_has_a_known_key_does_not_wait_for_anothers_fetch(provider: Provider) -> None:
    [key, _] = provider.keys
    assert await knows(provider.source, key)
    provider.answers.clear()
    provider.clock.now += 601
    slow = asyncio.create_task(provider.source.find("bogus"))
    await asyncio.sleep(0.01)
    assert await asyncio.wait_for(knows(provider.source, key), 1)
    provider.answers.set()
    with pytest.raises(UnknownKeyError):
        await slow
    assert provider.asked == 2


async def test_a_provider_that_is_silent_holds_nobody_who_has_a_known_key(provider: Provider) -> None:
    [key, _] = provider.keys
    assert await knows(provider.source, key)
    provider.answers.clear()
    provider.clock.now += 601
    # Whoever finds the keys old waits a moment, so that a key that was withdrawn stops; all others do not wait.
    assert await asyncio.wait_for(knows(provider.source, key), 1)
    assert await asyncio.wait_for(knows(provider.source, key), 0.1)
    provider.away = True
    provider.answers.set()
    await refreshed(provider)
    for asked in (3, 4):
        provider.answers.clear()
        provider.clock.now += 31
        assert await asyncio.wait_for(knows(provider.source, key), 0.1)
        await asyncio.sleep(0)
        assert provider.asked == asked
        provider.answers.set()
        await refreshed(provider)


async def test_what_a_provider_says_late_counts_from_the_next_request(provider: Provider) -> None:
    gone = provider.keys[0]
    assert await knows(provider.source, gone)
    provider.away = True
    provider.clock.now += 601
    assert await knows(provider.source, gone)
    provider.away = False
    provider.keys.pop(0)
    provider.clock.now += 31
    await knows(provider.source, gone)
    await refreshed(provider)
    assert not await knows(provider.source, gone)
    assert provider.asked == 3


async def test_a_fetch_goes_on_although_the_request_that_began_it_was_given_up(provider: Provider) -> None:
    first = asyncio.create_task(provider.source.find(name(provider.keys[0])))
    provider.answers.clear()
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    second = asyncio.create_task(knows(provider.source, provider.keys[0]))
    await asyncio.sleep(0.01)
    provider.answers.set()
    assert await second
    assert provider.asked == 1


async def test_old_keys_are_asked_for_anew_every_half_minute_at_most(provider: Provider) -> None:
    [key, _] = provider.keys
    assert await knows(provider.source, key)
    provider.away = True
    provider.clock.now += 601
    for number in range(40):
        assert await knows(provider.source, key)
        with pytest.raises(UnknownKeyError):
            await provider.source.find(f"bogus-{number}")
        provider.clock.now += 1
    assert provider.asked == 3


async def test_a_set_without_end_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async def endless(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b" " * (auth_keys._MAX_BYTES + 1), request=request)

    plain = httpx.AsyncClient
    monkeypatch.setattr(httpx, "AsyncClient", lambda **more: plain(transport=httpx.MockTransport(endless), **more))
    with pytest.raises(KeysUnavailableError, match="ValueError"):
        await KeySource("https://id.example/jwks.json").find("k")
