"""What every test shares: the real servers, and properties that judge the rule and never the machine's pace."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.support.servers"]

settings.register_profile("closebook", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("closebook")
