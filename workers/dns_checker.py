"""The DNS checker: looks at what sending domains publish, and stops what lost its records."""

import random
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import structlog

from commands.campaigns.pause_campaign import PauseCampaign, pause_campaign
from commands.delivery.check_sending_domain import CheckSendingDomain, check_sending_domain
from domain.delivery.check_schedule import next_look
from domain.delivery.dns_records import Finding, judge
from domain.delivery.sending_domain import Misses
from domain.shared.errors import DomainError
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.dns.resolver import Dns
from infra.domain_names import PublicDomainNames
from infra.failpoints import Failpoint, failpoint
from infra.postgres.campaign_runs import PostgresCampaignRuns
from infra.postgres.heartbeats import beat
from infra.postgres.sending_domains import Claimed, DomainChecks, PostgresSendingDomains
from workers.acting import acting
from workers.runtime import Stop, run_steps

log = structlog.get_logger()

NAME = "dns_checker"
IDLE_S = 1.0
AT_ONCE = 4  # looks side by side: most of each is waiting


class DnsChecker:
    """Looks at whatever is due. What a crash leaves half done is due again after its lease."""

    def __init__(self, adapters: Adapters) -> None:
        self._adapters = adapters
        settings = adapters.settings.domains
        self._dns = Dns(settings.dns_servers)
        self._setup, self._required = settings.setup, settings.required
        self._names = PublicDomainNames()
        self._checks = DomainChecks(adapters.pool)
        self._domains = PostgresSendingDomains(adapters.vault)

    def step(self) -> bool:
        """Look at a few; tells whether there may be more at once."""
        if self._required:
            for workspace_id, campaign_id, domain_id, _ in self._checks.stranded():
                self._pause(workspace_id, campaign_id, domain_id)
        due = self._checks.due(limit=AT_ONCE)
        with ThreadPoolExecutor(AT_ONCE) as looks:
            list(looks.map(lambda pair: self._look(*pair), due))
        return len(due) == AT_ONCE

    def _look(self, workspace_id: UUID, domain_id: UUID) -> None:
        claimed = self._checks.claim(workspace_id, domain_id)
        if claimed is None:
            return
        context = acting(NAME, workspace_id, new_id())
        findings = [self._judged(wanted, claimed) for wanted in claimed.findings]
        failpoint(Failpoint.DNS_LOOKED)
        required = [finding for finding in findings if finding.required]
        misses = claimed.misses
        if any(finding.is_missed for finding in required):
            misses = Misses(misses.looks + 1, misses.since or context.now)
        elif all(finding.state == "ok" for finding in required):
            misses = Misses()
        command = CheckSendingDomain(domain_id=domain_id, findings=findings, misses=misses)
        check_sending_domain(command, context, self._adapters.log, self._domains)
        failpoint(Failpoint.DNS_DECIDED)
        pause = next_look(
            self._checks.status(workspace_id, domain_id),
            checks=claimed.checks + 1,
            misses=misses.looks,
            jitter=random.random(),  # noqa: S311 - spreads load, no secret
        )
        self._checks.looked(claimed, findings, misses, pause=pause)

    def _judged(self, wanted: Finding, claimed: Claimed) -> Finding:
        return judge(
            wanted,
            domain=claimed.domain,
            organisation=self._names.organisation(claimed.domain),
            setup=self._setup,
            lookup=self._dns.lookup,
        )

    def _pause(self, workspace_id: UUID, campaign_id: UUID, domain_id: UUID) -> None:
        """Hold what sends from a domain that lost its records: refused mail would be lost mail."""
        try:
            pause_campaign(
                PauseCampaign(campaign_id=campaign_id),
                acting(NAME, workspace_id, new_id()),
                self._adapters.log,
                PostgresCampaignRuns(),
            )
        except DomainError as error:
            log.info("pause_overtaken", campaign_id=str(campaign_id), error=str(error))
            return
        log.warning(
            "campaign_paused", campaign_id=str(campaign_id), broken_domain_id=str(domain_id)
        )


def run(adapters: Adapters, stop: Stop) -> None:
    """Look until the stop."""
    checker = DnsChecker(adapters)

    def step() -> bool:
        beat(adapters.pool, NAME)
        return checker.step()

    run_steps(NAME, stop, step, idle_s=IDLE_S)
