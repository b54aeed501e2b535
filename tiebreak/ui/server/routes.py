"""The desk's HTTP routes: one to sync, one for the rest of a long text. Guarded, and never chatty.

Streamlit gives custom routes no protection of its own, so each request is checked here: origin,
token, size, form. Whatever goes wrong, the answer is a short JSON document.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tiebreak.errors import (
    Forbidden,
    StoreError,
    TiebreakError,
    Unauthorised,
    UnknownRecord,
    UsageError,
)
from tiebreak.review import read_sync_request
from tiebreak.ui.server.guard import check_origin
from tiebreak.ui.server.served import Served
from tiebreak.ui.server.wire import answer_on_wire

API = "/desk/api"
MAX_BYTES = 256 * 1024
TOKEN_HEADER = "x-tiebreak-token"  # noqa: S105

_log = logging.getLogger(__name__)

Handler = Callable[[Request, str], Awaitable[Response]]


class TooLarge(UsageError):
    """The request's body is larger than any page of ours sends."""


STATUS: tuple[tuple[type[TiebreakError], int], ...] = (
    (Unauthorised, 401),
    (Forbidden, 403),
    (TooLarge, 413),
    (UnknownRecord, 404),
    (UsageError, 422),
    (StoreError, 503),
    (TiebreakError, 500),
)


def routes(served: Served) -> list[Route]:
    """The routes over one served project."""

    async def sync(request: Request, who: str) -> Response:
        visit = read_sync_request(await _body(request))
        desk = served.desk
        answer = await to_thread.run_sync(desk.sync, who, visit)
        return JSONResponse(
            {
                **answer_on_wire(answer, desk.card_builder.schema),
                "learner": served.learner.state(),
                "token": served.guard.token(who),
            }
        )

    async def text(request: Request, _who: str) -> Response:
        record_id = int(request.path_params["record"])
        records = await to_thread.run_sync(served.context.store.records.get, [record_id])
        return JSONResponse({"text": records[0].text})

    def guarded(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            try:
                headers = request.headers
                check_origin(
                    headers.get("origin"), headers.get("host"), headers.get("sec-fetch-site")
                )
                return await handler(request, served.guard.who(headers.get(TOKEN_HEADER, "")))
            except TiebreakError as problem:
                return _refusal(problem)
            except Exception:
                _log.exception("a request to %s failed", request.url.path)
                return _refusal(TiebreakError("The desk failed at this.", mend="See its log."))

        return handle

    return [
        Route(f"{API}/sync", guarded(sync), methods=["POST"]),
        Route(f"{API}/text/{{record:int}}", guarded(text), methods=["GET"]),
    ]


async def _body(request: Request) -> bytes:
    """The body, read no further than it may be long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise TooLarge(
                f"The request has more than {MAX_BYTES} bytes.", mend="Send fewer events at once."
            )
    return bytes(body)


def _refusal(problem: TiebreakError) -> JSONResponse:
    status = next(code for kind, code in STATUS if isinstance(problem, kind))
    kind = "token" if status == 401 else type(problem).__name__
    return JSONResponse(
        {"error": kind, "fact": problem.fact, "mend": problem.mend},
        status_code=status,
        headers={"cache-control": "no-store"},
    )
