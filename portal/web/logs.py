"""Structured logs without personal data: events are fixed words, values are numbers, states and study IDs at most."""

import logging
import time

import structlog
from flask import Flask, Response, g, request
from structlog.typing import Processor


def configure() -> None:
    """One JSON object a line on standard error, from structlog and the standard library alike."""
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING)


def init_app(app: Flask) -> None:
    """Log each request by endpoint, never by address: paths may hold tokens."""
    log = structlog.get_logger("portal.request")

    def start() -> None:
        g.started = time.perf_counter()

    def done(response: Response) -> Response:
        took = round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1)
        log.info("request", endpoint=request.endpoint, method=request.method, status=response.status_code, ms=took)
        return response

    app.before_request(start)
    app.after_request(done)
