"""A stream holds events of its own model; anything else is a fault of the program, told at once."""

from typing import Any

import pytest

from domain.campaigns.decider import CAMPAIGN
from domain.contacts.decider import CONSENT, IMPORT
from domain.content.decider import TEMPLATE
from domain.developer.decider import API_TOKEN
from domain.platform.operators import OPERATOR
from domain.platform.viewings import VIEWING
from domain.shared.model import StreamModel
from domain.tenancy.decider import WORKSPACE
from tests.support.builders import CAMPAIGN_ID, email_sent

STREAMS: list[StreamModel[Any, Any]] = [
    CAMPAIGN,
    CONSENT,
    IMPORT,
    TEMPLATE,
    API_TOKEN,
    WORKSPACE,
    OPERATOR,
    VIEWING,
]


@pytest.mark.parametrize("model", STREAMS, ids=lambda model: model.name)
def test_an_event_of_another_stream_is_not_folded(model: StreamModel[Any, Any]) -> None:
    with pytest.raises(AssertionError, match="EmailSent"):
        model.fold([email_sent(CAMPAIGN_ID, CAMPAIGN_ID)])
