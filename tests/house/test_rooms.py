"""Each thing in its room: SQL in `records.py` and `storage/`, HTTP in `routes.py` and the rooms made for it."""

from tests.house.source import Module, modules

SQL = ("sqlalchemy", "aiosqlite", "asyncpg", "alembic", "sqlite3")
SQL_LIVES_IN = ("storage/",)
HTTP = ("starlette", "fastapi", "uvicorn", "litestar", "flask", "werkzeug", "django", "asgiref")
HTTP_LIVES_IN = ("http/", "server/", "integrations/", "cli/")
HTTP_ALSO = {
    "gate/request.py": "where a request meets the desk, for every room's routes",
    "login/present.py": "puts a session's cookies on an answer, for the routes of login and my_account",
}


def test_sql_stands_in_records() -> None:
    elsewhere = [module for module in modules() if not is_for_sql(module)]
    assert [module.path for module in elsewhere if module.imports(*SQL)] == [], "it belongs into a room's records.py"


def test_http_is_served_in_routes() -> None:
    elsewhere = [module for module in modules() if not is_for_http(module)]
    assert [module.path for module in elsewhere if module.imports(*HTTP)] == [], "it belongs into a room's routes.py"


def test_tables_are_known_to_records_alone() -> None:
    elsewhere = [module for module in modules() if not is_for_sql(module)]
    assert [module.path for module in elsewhere if module.imports("coatcheck.storage.tables")] == []


def test_what_is_excepted_is_there() -> None:
    paths = {module.path for module in modules()}
    assert paths >= HTTP_ALSO.keys()


def is_for_sql(module: Module) -> bool:
    """Tell whether SQL may stand in a module."""
    return module.path.startswith(SQL_LIVES_IN) or module.path.endswith("/records.py")


def is_for_http(module: Module) -> bool:
    """Tell whether a module may serve HTTP."""
    return (
        module.path.startswith(HTTP_LIVES_IN)
        or module.path.endswith("/routes.py")
        or "/routes/" in module.path
        or module.path in HTTP_ALSO
    )
