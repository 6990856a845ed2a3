"""Loaded by schemathesis: no answer to anybody but its owner holds the canary."""

import os

import schemathesis
from schemathesis.checks import CheckContext
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case

CANARY = os.environ["ENGINE_TEST_CANARY"].encode()
OWNER = os.environ["ENGINE_TEST_OWNER"]


@schemathesis.check
def foreign_canary(_: CheckContext, response: Response, case: Case) -> None:
    """Fail when workspace A's canary is in an answer to anybody else.

    Case by case, also those whose credential schemathesis took away or changed.
    """
    sent = response.request.headers.get("Authorization", "")
    if OWNER not in sent and CANARY in response.content:
        raise AssertionError(f"{case.method} {case.formatted_path} told a stranger of workspace A")
