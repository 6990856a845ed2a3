"""Every route of the HTTP process."""

from collections.abc import Sequence

from litestar import Router
from litestar.handlers import HTTPRouteHandler

from commands.http.accounts import (
    delete_me,
    post_account,
    post_new_password,
    post_password_reset,
    post_verification,
    post_verification_mail,
    put_password,
)
from commands.http.audit import delete_export, get_download, post_export
from commands.http.campaigns import (
    patch_campaign,
    post_campaign,
    post_cancel,
    post_launch,
    post_pause,
    post_resume,
    post_schedule,
    post_unschedule,
)
from commands.http.contacts import post_consent, post_import, post_unsubscribe
from commands.http.content import (
    post_duplicate,
    post_restore_version,
    post_template,
    put_template,
)
from commands.http.data_exports import (
    delete_data_export,
    post_contact_export,
    post_workspace_export,
)
from commands.http.dead_letters import (
    post_discard,
    post_discard_matching,
    post_redrive,
    post_redrive_matching,
)
from commands.http.delivery_mode import put_delivery_mode
from commands.http.developer import delete_api_key, post_api_key, post_api_key_rotation
from commands.http.imports import post_import_cancel, post_import_check, post_import_commit
from commands.http.in_flight import put_in_flight_bound
from commands.http.invitations import (
    delete_invitation,
    post_invitation,
    post_invitation_acceptance,
    post_invitation_resend,
)
from commands.http.kill_switches import (
    post_operator_resume,
    post_operator_stop,
    post_resume_sending,
    post_stop,
)
from commands.http.lanes import (
    post_lane_block,
    post_lane_open,
    post_warm_up_restart,
    post_warm_up_skip,
)
from commands.http.lint import post_lint, post_template_lint
from commands.http.members import delete_member, post_leave, put_member_role
from commands.http.messages import post_resolution
from commands.http.onboarding import (
    post_onboarding_skip,
    put_onboarding_contacts,
    put_onboarding_domain,
    put_onboarding_sender,
    put_onboarding_volume,
    put_onboarding_workspace,
)
from commands.http.operator import delete_viewing, post_viewing
from commands.http.previews import post_preview, post_template_preview
from commands.http.privacy import post_erasure, put_retention
from commands.http.relays import (
    delete_relay,
    delete_relay_credentials,
    post_relay,
    post_relay_check,
    post_relay_pause,
    post_relay_resume,
    put_relay,
    put_relay_credentials,
)
from commands.http.second_factor import (
    post_recovery_codes,
    post_second_factor,
    post_second_factor_confirm,
    post_second_factor_remove,
)
from commands.http.second_factor_sign_in import post_session_second_factor
from commands.http.send_rates import put_operator_send_rate, put_send_rate
from commands.http.sending_domains import (
    delete_sending_domain,
    post_sending_domain,
    post_sending_domain_check,
    post_sending_domain_keys,
)
from commands.http.sessions import (
    delete_current_session,
    delete_session,
    delete_sessions,
    post_refresh,
    post_session,
    post_session_workspace,
)
from commands.http.single_sign_on import (
    get_session_oidc,
    get_session_oidc_callback,
    post_session_exchange,
)
from commands.http.soft_bounces import put_soft_bounce_policy
from commands.http.suppressions import delete_suppression, post_suppression
from commands.http.tenancy import (
    post_workspace,
    put_brand,
    put_postal_address,
    put_sender,
    put_time_zone,
    put_workspace_name,
)
from commands.http.tracking import get_click, get_pixel
from commands.http.trash import (
    delete_campaign,
    delete_contact,
    delete_template,
    post_restore_campaign,
    post_restore_contact,
    post_restore_template,
)
from commands.http.unsubscribe import post_unsubscribe_link
from read_api.public.document import get_openapi
from read_api.public.health import get_livez, get_readyz, get_startupz
from read_api.public.preview import get_preview
from read_api.public.ui import get_asset, get_ui
from read_api.public.unsubscribe import get_unsubscribe_page
from read_api.queries.account_data import get_my_data
from read_api.queries.audit import get_audit
from read_api.queries.audit_detail import get_audit_line
from read_api.queries.audit_tail import get_audit_tail
from read_api.queries.audit_verification import get_verification
from read_api.queries.campaign_audience import post_audience_estimate
from read_api.queries.campaign_live import get_campaign_live, get_campaign_pulse
from read_api.queries.campaigns import get_campaign, get_campaigns, get_stats
from read_api.queries.checkpoints import get_checkpoints
from read_api.queries.consents import get_consents
from read_api.queries.contact_events import get_contact_events
from read_api.queries.contact_facets import get_contact_facets
from read_api.queries.contacts import get_contact, get_contacts, get_suppressions
from read_api.queries.content import get_template, get_templates
from read_api.queries.data_exports import get_data_export, get_data_exports
from read_api.queries.dead_letters import (
    get_dead_letter,
    get_dead_letters,
    get_uncertain,
)
from read_api.queries.delivery import get_campaign_messages
from read_api.queries.delivery_mode import get_delivery_mode
from read_api.queries.developer import get_api_key, get_api_keys
from read_api.queries.exports import get_export, get_exports
from read_api.queries.identity import get_key_set, get_me, get_sessions
from read_api.queries.import_reviews import get_import_preview, get_import_review
from read_api.queries.imports import get_import, get_imports, get_rejected
from read_api.queries.in_flight import get_in_flight_bounds
from read_api.queries.kill_switches import get_kill_switches, get_operator_kill_switches
from read_api.queries.lanes import get_lanes, get_sender_health
from read_api.queries.members import get_invitations, get_members, get_workspaces
from read_api.queries.merge_tags import get_merge_tags
from read_api.queries.message_list import get_messages
from read_api.queries.messages import (
    get_contact_messages,
    get_explanation,
    get_message,
)
from read_api.queries.onboarding import get_onboarding
from read_api.queries.operator import get_operated_workspaces, get_viewings
from read_api.queries.privacy import get_erasure, get_erasure_preview, get_retention
from read_api.queries.relays import get_relay, get_relays
from read_api.queries.send_rates import get_send_rates
from read_api.queries.sending_domains import get_sending_domain, get_sending_domains
from read_api.queries.soft_bounces import get_soft_bounce_policy
from read_api.queries.template_versions import get_template_version, get_template_versions
from read_api.queries.tenancy import get_workspace
from read_api.queries.trash import get_trash

ACCOUNT_ROUTES: tuple[HTTPRouteHandler, ...] = (
    post_account,
    post_verification,
    post_verification_mail,
    post_password_reset,
    post_new_password,
    put_password,
    get_me,
    delete_me,
    post_session,
    post_session_second_factor,
    post_session_exchange,
    get_session_oidc,
    get_session_oidc_callback,
    post_refresh,
    post_session_workspace,
    get_sessions,
    delete_sessions,
    delete_current_session,
    delete_session,
    get_key_set,
)
ROUTES: tuple[HTTPRouteHandler, ...] = (
    post_workspace,
    get_workspaces,
    get_workspace,
    put_workspace_name,
    put_brand,
    put_sender,
    put_postal_address,
    put_time_zone,
    get_members,
    put_member_role,
    delete_member,
    post_leave,
    post_invitation,
    get_invitations,
    post_invitation_resend,
    delete_invitation,
    post_invitation_acceptance,
    get_viewings,
    get_operated_workspaces,
    post_viewing,
    delete_viewing,
    get_kill_switches,
    post_stop,
    post_resume_sending,
    get_operator_kill_switches,
    post_operator_stop,
    post_operator_resume,
    get_delivery_mode,
    put_delivery_mode,
    get_in_flight_bounds,
    put_in_flight_bound,
    get_relays,
    get_relay,
    post_relay,
    put_relay,
    put_relay_credentials,
    delete_relay_credentials,
    post_relay_check,
    post_relay_pause,
    post_relay_resume,
    delete_relay,
    get_send_rates,
    get_soft_bounce_policy,
    put_soft_bounce_policy,
    put_send_rate,
    put_operator_send_rate,
    get_lanes,
    get_sender_health,
    post_lane_block,
    post_lane_open,
    post_warm_up_skip,
    post_warm_up_restart,
    get_onboarding,
    put_onboarding_workspace,
    put_onboarding_sender,
    put_onboarding_domain,
    put_onboarding_volume,
    put_onboarding_contacts,
    post_onboarding_skip,
    post_import,
    get_imports,
    get_import,
    get_rejected,
    get_contacts,
    get_contact_facets,
    get_contact_events,
    get_import_preview,
    get_import_review,
    post_import_cancel,
    post_import_check,
    post_import_commit,
    get_contact,
    post_unsubscribe,
    get_erasure_preview,
    post_erasure,
    get_erasure,
    post_template,
    get_templates,
    get_template,
    put_template,
    get_template_versions,
    get_template_version,
    post_restore_version,
    post_duplicate,
    post_template_preview,
    post_preview,
    get_preview,
    post_template_lint,
    post_lint,
    get_merge_tags,
    post_campaign,
    get_campaigns,
    get_campaign,
    patch_campaign,
    post_schedule,
    post_unschedule,
    post_audience_estimate,
    post_launch,
    post_pause,
    post_resume,
    post_cancel,
    get_stats,
    get_campaign_pulse,
    get_campaign_live,
    get_campaign_messages,
    get_message,
    get_messages,
    get_contact_messages,
    get_explanation,
    get_suppressions,
    get_dead_letters,
    get_dead_letter,
    get_uncertain,
    post_redrive,
    post_redrive_matching,
    post_discard,
    post_discard_matching,
    post_resolution,
    post_api_key,
    get_sending_domains,
    get_sending_domain,
    post_sending_domain,
    post_sending_domain_check,
    post_sending_domain_keys,
    delete_sending_domain,
    get_api_keys,
    get_api_key,
    post_api_key_rotation,
    delete_api_key,
    post_consent,
    post_suppression,
    delete_suppression,
    get_consents,
    get_retention,
    put_retention,
    get_my_data,
    post_contact_export,
    post_workspace_export,
    get_data_exports,
    get_data_export,
    delete_data_export,
    get_trash,
    delete_contact,
    post_restore_contact,
    delete_template,
    post_restore_template,
    delete_campaign,
    post_restore_campaign,
    get_audit,
    get_audit_line,
    get_audit_tail,
    get_verification,
    post_export,
    get_exports,
    get_export,
    delete_export,
    get_download,
    get_checkpoints,
    post_second_factor,
    post_second_factor_confirm,
    post_recovery_codes,
    post_second_factor_remove,
    get_openapi,
    get_pixel,
    get_click,
    get_unsubscribe_page,
    post_unsubscribe_link,
    get_livez,
    get_readyz,
    get_startupz,
    get_ui,
    get_asset,
    *ACCOUNT_ROUTES,
)


def mounted(routes: Sequence[HTTPRouteHandler]) -> Router:
    """Put the routes into one router, so that the framework registers each path once.

    Litestar 2.25 prepares a path again when a second handler for it is registered, and would then
    wrap the threaded handlers that are there twice: their answer would be a coroutine.
    """
    return Router(path="/", route_handlers=list(routes))
