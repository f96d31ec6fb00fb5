"""Commands below the services: where the databases are, and what is said when nobody told."""

from pathlib import Path

import pytest

from shared.cli.databases import Databases
from shared.cli.environment import Environment
from shared.cli.errors import CliError, ExitCode
from shared.cli.postgres_tools import connection_variables


def databases(**values: str) -> Databases:
    return Databases(Environment(values, Path("nowhere/stack.env")))


def test_without_an_administrators_address_the_variable_is_named() -> None:
    with pytest.raises(CliError) as caught:
        databases().admin_url  # noqa: B018 - asking is what fails
    assert caught.value.code == ExitCode.USAGE
    assert "CLOSEBOOK_POSTGRES" in caught.value.next_step


def test_a_database_is_named_like_its_service_unless_said_otherwise() -> None:
    assert databases().name("billing") == "billing"
    assert databases(CLOSEBOOK_BILLING_DATABASE="books").name("billing") == "books"
    with pytest.raises(CliError):
        databases().name("plumbing")


def test_a_role_is_asked_for_beside_what_the_address_asks_for() -> None:
    known = databases(CLOSEBOOK_POSTGRES="postgresql+asyncpg://admin:p%40ss@db:5433/postgres?sslmode=require")
    assert known.url("books", "billing_app") == (
        "postgresql://admin:p%40ss@db:5433/books?sslmode=require&role=billing_app"
    )


def test_the_password_travels_in_a_variable_and_not_in_the_command_line() -> None:
    assert connection_variables("postgresql://admin:p%40ss@db:5433/books?sslmode=require") == {
        "PGHOST": "db", "PGPORT": "5433", "PGUSER": "admin", "PGPASSWORD": "p@ss", "PGDATABASE": "books",
        "PGSSLMODE": "require",
    }  # fmt: skip
