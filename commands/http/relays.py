"""Write routes of a workspace's own relays."""

from uuid import UUID

from litestar import delete, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from commands.delivery.add_relay import AddRelay, Credentials, Relays, add_relay
from commands.delivery.change_relay import (
    ask_relay_check,
    disable_relay,
    enable_relay,
    remove_relay,
)
from commands.delivery.replace_relay_credentials import (
    ReplaceRelayCredentials,
    replace_relay_credentials,
)
from commands.delivery.tune_relay import TuneRelay, tune_relay
from commands.ports import EventLog
from domain.delivery.relay_events import RelayAdded
from domain.shared.context import Context
from schemas.http.accepted import Accepted
from schemas.http.relays import NewRelay, RelayCredentials, RelayTuning


@post(
    "/v1/relays",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Send through a relay of your own",
    tags=["relays"],
)
def post_relay(
    data: JSONBody[NewRelay],
    context: NamedDependency[SkipValidation[Context]],
    new_id: NamedDependency[UUID],
    log: NamedDependency[SkipValidation[EventLog]],
    relays: NamedDependency[SkipValidation[Relays]],
) -> Accepted:
    """From now on the workspace's campaigns go through its own relays, not the shared ones."""
    credentials = _sealable(data.credentials)
    added = RelayAdded(
        relay_id=new_id,
        label=data.label,
        host=data.host,
        port=data.port,
        tls=data.tls,
        has_credentials=credentials is not None,
        rate_per_s=data.rate_per_s,
        connections=data.connections,
        messages_per_connection=data.messages_per_connection,
        weight=data.weight,
    )
    command = AddRelay(added=added, credentials=credentials)
    return Accepted(id=new_id, position=add_relay(command, context, log, relays))


@put(
    "/v1/relays/{relay_id:uuid}",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Change a relay's share, pace and connections",
    tags=["relays"],
)
def put_relay(
    relay_id: FromPath[UUID],
    data: JSONBody[RelayTuning],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    relays: NamedDependency[SkipValidation[Relays]],
) -> Accepted:
    """Dispatchers follow within two seconds; another host is another relay."""
    command = TuneRelay(
        relay_id=relay_id,
        label=data.label,
        rate_per_s=data.rate_per_s,
        connections=data.connections,
        messages_per_connection=data.messages_per_connection,
        weight=data.weight,
    )
    return Accepted(id=relay_id, position=tune_relay(command, context, log, relays))


@put(
    "/v1/relays/{relay_id:uuid}/credentials",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Replace a relay's user name and password",
    tags=["relays"],
)
def put_relay_credentials(
    relay_id: FromPath[UUID],
    data: JSONBody[RelayCredentials],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    relays: NamedDependency[SkipValidation[Relays]],
) -> Accepted:
    """Seal them; they are never shown again. Connections are opened anew."""
    command = ReplaceRelayCredentials(relay_id=relay_id, credentials=_sealable(data))
    return Accepted(id=relay_id, position=replace_relay_credentials(command, context, log, relays))


@delete(
    "/v1/relays/{relay_id:uuid}/credentials",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Use a relay without logging in",
    tags=["relays"],
)
def delete_relay_credentials(
    relay_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    relays: NamedDependency[SkipValidation[Relays]],
) -> Accepted:
    """Forget user name and password: the server knows us otherwise."""
    command = ReplaceRelayCredentials(relay_id=relay_id, credentials=None)
    return Accepted(id=relay_id, position=replace_relay_credentials(command, context, log, relays))


@post(
    "/v1/relays/{relay_id:uuid}/check",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Connect to a relay and log in, without sending",
    tags=["relays"],
)
def post_relay_check(
    relay_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    relays: NamedDependency[SkipValidation[Relays]],
) -> Accepted:
    """Have a dispatcher do it within seconds; GET shows what failed and what to do."""
    return Accepted(id=relay_id, position=ask_relay_check(relay_id, context, log, relays))


@post(
    "/v1/relays/{relay_id:uuid}/pause",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Begin nothing through a relay any more",
    tags=["relays"],
)
def post_relay_pause(
    relay_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    relays: NamedDependency[SkipValidation[Relays]],
) -> Accepted:
    """Within two seconds; what it had not been sent goes another way."""
    return Accepted(id=relay_id, position=disable_relay(relay_id, context, log, relays))


@post(
    "/v1/relays/{relay_id:uuid}/resume",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Use a paused relay again",
    tags=["relays"],
)
def post_relay_resume(
    relay_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    relays: NamedDependency[SkipValidation[Relays]],
) -> Accepted:
    """Its breaker stands where it stood."""
    return Accepted(id=relay_id, position=enable_relay(relay_id, context, log, relays))


@delete(
    "/v1/relays/{relay_id:uuid}",
    status_code=202,
    sync_to_thread=True,
    opt={"permission": "delivery:manage"},
    summary="Remove a relay",
    tags=["relays"],
)
def delete_relay(
    relay_id: FromPath[UUID],
    context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    relays: NamedDependency[SkipValidation[Relays]],
) -> Accepted:
    """Forget it with its user name and password."""
    return Accepted(id=relay_id, position=remove_relay(relay_id, context, log, relays))


def _sealable(given: RelayCredentials | None) -> Credentials | None:
    return Credentials(username=given.username, password=given.password) if given else None
