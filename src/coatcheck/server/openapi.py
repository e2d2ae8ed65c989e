"""The OpenAPI document: what FastAPI derives, and the calls that are served without it."""

from typing import Any

from fastapi import FastAPI

from coatcheck.http.api import Problem, problems

_SESSION: dict[str, Any] = {
    "get": {
        "tags": ["sessions"],
        "summary": "Who am I",
        "operationId": "session",
        "responses": {
            "200": {
                "description": "The principal behind the cookie, token or API key",
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["account", "session", "roles", "permissions"],
                            "properties": {
                                "account": {"$ref": "#/components/schemas/AccountWords"},
                                "session": {"oneOf": [{"$ref": "#/components/schemas/SessionWords"}, {"type": "null"}]},
                                "roles": {"type": "array", "items": {"type": "string"}},
                                "permissions": {"type": "array", "items": {"type": "string"}},
                                "api_key": {
                                    "type": "object",
                                    "required": ["id", "expires_at"],
                                    "properties": {"id": {"type": "string"}, "expires_at": {"type": "string"}},
                                },
                            },
                        }
                    }
                },
            }
        },
    }
}


def describe(app: FastAPI) -> None:
    """Complete the app's OpenAPI document."""
    derive = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = derive()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas["Problem"] = Problem.model_json_schema()
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            session = {"get": {**_SESSION["get"], "responses": {**_SESSION["get"]["responses"], **_refusals()}}}
            document["paths"]["/api/session"] = session
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _refusals() -> dict[str, Any]:
    return {
        str(status): {"description": answer["description"], "content": answer["content"]}
        for status, answer in problems(401).items()
    }
