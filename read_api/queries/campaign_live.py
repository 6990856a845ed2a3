"""How does this campaign go at this moment, and why not faster?"""

from collections.abc import Sequence
from uuid import UUID

from litestar import Request, get
from litestar.concurrency import sync_to_thread
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, SkipValidation
from litestar.response import ServerSentEvent

from domain.delivery.pace import ENDED
from infra.postgres.campaign_pulse import campaign_pulse
from infra.postgres.checkpoints import Checkpoints
from read_api.edge.refusals import not_found
from read_api.edge.sse import LiveStreams
from read_api.edge.tenant_reads import TenantReads
from read_api.queries.audit_tail import EVENT_STREAM, LastEventId
from schemas.http.live import CampaignLive

MODELS = ("campaign_list", "campaign_stats")


class Pulse:
    """Looks at one campaign; the streams ask it once a second."""

    def __init__(
        self,
        reads: TenantReads,
        platform: TenantReads,
        checkpoints: Checkpoints,
        campaign_id: UUID,
        relay_rate_per_s: float,
    ) -> None:
        self._reads = reads
        self._platform = platform
        self._checkpoints = checkpoints
        self._campaign_id = campaign_id
        self._relay_rate_per_s = relay_rate_per_s
        self._told: CampaignLive | None = None
        self._rests = False
        self.over = False

    def now(self) -> CampaignLive:
        """Return how it goes. Raises the 404 of an unknown campaign."""
        position = self._checkpoints.lowest(MODELS, self._reads.workspace_id)
        found = campaign_pulse(
            self._reads,
            self._platform,
            self._campaign_id,
            position=position,
            relay_rate_per_s=self._relay_rate_per_s,
        )
        if found is None:
            raise not_found()
        return found

    def after(self, position: int) -> Sequence[tuple[int, CampaignLive]]:
        """Return how it goes when that has changed, once a look; the end is told once."""
        del position  # the newest picture holds all that came before
        if self._rests:
            self._rests = False
            return ()
        found = self.now()
        self.over = found.status in ENDED
        if self._told is not None and _same(found, self._told):
            return ()
        self._told, self._rests = found, not self.over
        return [(found.position, found)]


def _same(one: CampaignLive, other: CampaignLive) -> bool:
    """Whether nothing changed that somebody would see: the position alone is no news."""
    return (one.status, one.progress, one.rate_per_s, one.text) == (
        other.status, other.progress, other.rate_per_s, other.text,
    )  # fmt: skip


@get(
    "/v1/campaigns/{campaign_id:uuid}/pulse",
    sync_to_thread=True,
    opt={"permission": "delivery:read", "reads": MODELS},
    summary="How a campaign goes at this moment",
    tags=["campaigns"],
)
def get_campaign_pulse(
    campaign_id: FromPath[UUID],
    reads: NamedDependency[SkipValidation[TenantReads]],
    platform_reads: NamedDependency[SkipValidation[TenantReads]],
    checkpoints: NamedDependency[SkipValidation[Checkpoints]],
    relay_rate_per_s: NamedDependency[float],
) -> CampaignLive:
    """Tell progress, the rate now against what is allowed, and the reason in words."""
    return Pulse(reads, platform_reads, checkpoints, campaign_id, relay_rate_per_s).now()


@get(
    "/v1/campaigns/{campaign_id:uuid}/live",
    opt={"permission": "delivery:read"},
    media_type=EVENT_STREAM,
    summary="How a campaign goes, as it goes",
    tags=["campaigns"],
    responses={
        200: ResponseSpec(
            str,
            description="Events `line`, each with a position as id and the pulse as data.",
            media_type=EVENT_STREAM,
            generate_examples=False,
        )
    },
)
async def get_campaign_live(
    request: Request[None, None, State],
    campaign_id: FromPath[UUID],
    reads: NamedDependency[SkipValidation[TenantReads]],
    platform_reads: NamedDependency[SkipValidation[TenantReads]],
    checkpoints: NamedDependency[SkipValidation[Checkpoints]],
    live: NamedDependency[SkipValidation[LiveStreams]],
    relay_rate_per_s: NamedDependency[float],
    last_event_id: LastEventId = None,
) -> ServerSentEvent:
    """Send the pulse when it changes, at most once a second, until the campaign has ended.

    Ends also when the credential is over or the server restarts; whoever comes again gets the
    newest picture, which holds all that was missed.
    """
    pulse = Pulse(reads, platform_reads, checkpoints, campaign_id, relay_rate_per_s)
    await sync_to_thread(pulse.now)  # an unknown campaign is a 404, not an empty stream
    live.require_room(reads.workspace_id)
    after = last_event_id or 0
    return ServerSentEvent(
        live.messages(request, pulse.after, after=after, over=lambda: pulse.over)
    )
