"""Every projection by name."""

from types import MappingProxyType

from projections.audit import Audit
from projections.campaign_list import CampaignList
from projections.campaign_stats import CampaignStats
from projections.consent_history import ConsentHistory
from projections.contact_list import ContactList
from projections.message_ledger import MessageLedger
from projections.projection import Projection
from projections.sender_health import SenderHealth
from projections.suppression_list import SuppressionList
from projections.template_list import TemplateList
from projections.workspace_list import WorkspaceList

_ALL: tuple[Projection, ...] = (
    WorkspaceList(),
    ContactList(),
    SuppressionList(),
    ConsentHistory(),
    TemplateList(),
    CampaignList(),
    MessageLedger(),
    CampaignStats(),
    SenderHealth(),
    Audit(),
)
PROJECTIONS = MappingProxyType({projection.name: projection for projection in _ALL})
