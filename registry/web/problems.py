"""What went wrong, as a page: every error of these routes is told in plain words."""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from registry.domain.errors import Conflict, Invalid, NotFound, TooSoon
from registry.web.desk import desk
from registry.web.pages import wants_part

LOG = logging.getLogger(__name__)

WORDS: dict[int, tuple[str, str]] = {
    403: (
        "表单已失效",
        "这张表单不是由本系统的页面提交的，或者打开得太久。请返回重新打开后再提交；没有保存任何内容。",
    ),
    404: ("找不到这个页面", "登记中没有这条记录，或者地址有误。请从总览重新进入。"),
    409: (
        "现在不能这样做",
        "这条记录的状态已经改变。请返回查看最新状态；没有保存任何内容。",
    ),
    422: (
        "无法识别这个请求",
        "地址或表单中有无法识别的内容。请返回检查后再试；没有保存任何内容。",
    ),
    429: ("请稍等再试", "这扇门刚刚远程开过。请等几秒钟再试。"),
    500: ("系统出错", "这次操作没有完成。请稍后重试；仍然出错时请联系管理员。"),
}
STATUSES: dict[type[Exception], int] = {
    NotFound: 404,
    Conflict: 409,
    Invalid: 422,
    TooSoon: 429,
    RequestValidationError: 422,
}


class PageRoute(APIRoute):
    """A route whose errors are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, with its errors turned into pages."""
        handle = super().get_route_handler()

        async def handle_all(request: Request) -> Response:
            try:
                return await handle(request)
            except HTTPException as error:
                return page(request, error.status_code)
            except tuple(STATUSES) as error:
                return page(request, STATUSES[type(error)])
            except Exception as error:  # noqa: BLE001 - a reader gets a page whatever it is
                # No traceback: what an error quotes may be a name.
                LOG.error("%s while making %s", type(error).__name__, self.path)  # noqa: TRY400 - see above
                return page(request, 500)

        return handle_all


def page(request: Request, status: int) -> Response:
    """Return the page of an error, or what stands in its place within a page."""
    heading, remedy = WORDS.get(status, WORDS[422])
    context: dict[str, object] = {
        "status": status,
        "heading": heading,
        "remedy": remedy,
    }
    name = "_error.html" if wants_part(request) else "error.html"
    return desk(request).pages.answer(request, name, context, status)
