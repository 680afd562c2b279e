"""Errors in Stripe's own JSON shape."""

from typing import Any


class ApiError(Exception):
    """An answer that is not 2xx.

    `keeps` means that the request changed something before it failed (a declined charge is a fact), so its transaction
    commits. `is_validation` means that nothing began, so an idempotency key is not used up by it.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        family: str = "invalid_request_error",
        keeps: bool = False,
        is_validation: bool = False,
        **fields: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.keeps = keeps
        self.is_validation = is_validation
        self.error: dict[str, Any] = {"message": message, "type": family, **fields}

    def body(self) -> dict[str, Any]:
        return {"error": self.error}


def missing(kind: str, thing_id: str, param: str = "id") -> ApiError:
    return ApiError(f"No such {kind}: '{thing_id}'", status=404, code="resource_missing", param=param)


def missing_parameter(path: str) -> ApiError:
    return ApiError(f"Missing required param: {path}.", code="parameter_missing", param=path, is_validation=True)


def unknown_parameter(path: str) -> ApiError:
    return ApiError(f"Received unknown parameter: {path}", code="parameter_unknown", param=path, is_validation=True)


def invalid_parameter(message: str, path: str, code: str | None = None) -> ApiError:
    extra: dict[str, Any] = {"code": code} if code else {}
    return ApiError(message, param=path, is_validation=True, **extra)
