"""An id names one thing: the events of another kind of stream are not folded."""

import pytest

from domain.content.decider import TEMPLATE
from domain.delivery.sending_domain import SENDING_DOMAIN
from domain.shared.errors import NotFoundError
from domain.tenancy.events import WorkspaceRenamed


def test_an_id_of_another_thing_is_not_found() -> None:
    renamed = WorkspaceRenamed(name="Acme")
    for model in (TEMPLATE, SENDING_DOMAIN):
        with pytest.raises(NotFoundError, match=model.name):
            model.fold([renamed])  # type: ignore[list-item]
