"""`engine api` seen from inside: its own port, its traces, and what none of its outputs may say."""

import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from infra.bootstrap import Adapters
from infra.crypto.tokens import new_token
from infra.embedded.ports import free_port
from infra.settings import Settings
from tests.e2e.test_api_process import api_process
from tests.support.canary import forms
from tests.support.http_client import House, found_house
from tests.support.tcp_proxy import tcp_proxy

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
