"""Traces by OpenTelemetry, when an endpoint is set; without one a span is next to nothing.

Everything that a request causes, in whichever process, is in the trace that its correlation id
stands for: no trace context needs to be kept in the log.
"""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from structlog.typing import EventDict, WrappedLogger

from infra.settings import Settings

EXPORT_WITHIN_S = 5
TRACEPARENT = "traceparent"
_W3C = TraceContextTextMapPropagator()


def start_tracing(settings: Settings, *, service: str) -> Callable[[], None]:
    """Send spans to the endpoint from now on; returns what flushes them at the end.

    A thread of its own exports; what it cannot keep up with is dropped.
    """
    if not settings.otlp_endpoint:
        return lambda: None
    # Only where it is wanted: the SDK is not imported by a process that traces nothing.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.sampling import TraceIdRatioBased  # noqa: PLC0415

    provider = TracerProvider(
        resource=Resource.create({"service.name": f"engine-{service}"}),
        sampler=TraceIdRatioBased(settings.otlp_sample),  # whatever a caller's flag says
    )
    exporter = OTLPSpanExporter(endpoint=settings.otlp_endpoint, timeout=EXPORT_WITHIN_S)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return provider.shutdown


def span(
    name: str, *, parent: Context | None = None, **attributes: str | int
) -> AbstractContextManager[Span]:
    """Trace what is done inside; ids and counts only, never what somebody wrote."""
    return trace.get_tracer("engine").start_as_current_span(
        name, context=parent, attributes=attributes
    )


def trace_of(correlation_id: UUID) -> Context:
    """Return the place in the trace that everything with this correlation id belongs to."""
    digest = hashlib.sha256(correlation_id.bytes).digest()
    root = SpanContext(
        trace_id=int.from_bytes(digest[:16], "big"),
        span_id=int.from_bytes(digest[16:24], "big"),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )
    return trace.set_span_in_context(NonRecordingSpan(root), Context())


def given_trace(traceparent: str) -> Context | None:
    """Read a W3C traceparent; None unless it is well-formed."""
    context = _W3C.extract({TRACEPARENT: traceparent}, context=Context())
    return context if trace.get_current_span(context).get_span_context().is_valid else None


def traceparent() -> dict[str, str]:
    """Return the header that hands the current span on; empty when nothing is traced."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier)
    return carrier


def say_trace(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Add the ids of the span that a log line is written in."""
    current = trace.get_current_span().get_span_context()
    if current.is_valid:
        line["trace_id"] = trace.format_trace_id(current.trace_id)
        line["span_id"] = trace.format_span_id(current.span_id)
    return line
