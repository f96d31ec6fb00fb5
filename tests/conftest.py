"""What every test shares: the real servers."""

pytest_plugins = ["tests.support.servers"]
