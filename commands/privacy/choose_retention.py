"""Say how long a workspace keeps things."""

import msgspec

from commands.ports import EventLog
from commands.privacy.ports import RetentionRules
from domain.privacy import retention
from domain.privacy.retention import RETENTION, retention_stream
from domain.privacy.retention_settings import RetentionSettings
from domain.shared.context import Context


class ChooseRetention(msgspec.Struct, frozen=True, kw_only=True):
    """Keep things so long from now on: all settings at once."""

    settings: RetentionSettings


def choose_retention(
    command: ChooseRetention, context: Context, log: EventLog, rules: RetentionRules
) -> int:
    """Record it, and let the worker go by it. Raises InvalidInputError beyond the bounds."""
    kept = rules.keep(context.workspace_id, command.settings)
    return log.decide(
        RETENTION,
        retention_stream(context.workspace_id),
        lambda settings: retention.choose(settings, wanted=command.settings),
        context,
        effects=lambda _: [kept],
    )
