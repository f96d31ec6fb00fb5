"""The composition root of arrears: the only place that builds things."""

from functools import partial

from fastapi import APIRouter

from services.arrears import api, handlers
from services.arrears.domain.policy import Policy
from services.arrears.settings import Settings, read_policies
from services.arrears.usecases.day import DayWork
from shared.bus.service import Running, Service


def service(settings: Settings) -> Service:
    """Return arrears as the bus runs it, under the versions of the ladder in the settings' file."""
    policies = read_policies(settings.policy_file)
    return Service("arrears", handlers.router, DayWork(policies), api=partial(_api, policies))


def _api(policies: tuple[Policy, ...], running: Running) -> APIRouter:
    return api.routes(running.doors, policies)
