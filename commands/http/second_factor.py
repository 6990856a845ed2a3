"""Routes of a person's own second factor."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation

from commands.http.ports import SignedIn
from commands.identity.confirm_second_factor import ConfirmSecondFactor, confirm_second_factor
from commands.identity.enrol_second_factor import EnrolSecondFactor, enrol_second_factor
from commands.identity.factor_ports import OneTimeCodes, SecondFactors
from commands.identity.prove_second_factor import ProveSecondFactor
from commands.identity.remove_second_factor import RemoveSecondFactor, remove_second_factor
from commands.identity.renew_recovery_codes import RenewRecoveryCodes, renew_recovery_codes
from commands.identity.sign_in import Door
from commands.ports import EventLog, RateLimits
from domain.shared.context import Context
from schemas.http.accepted import Accepted
from schemas.http.second_factor import DeviceProof, Proof, ShownRecoveryCodes, ShownSecret

LABEL_CHARACTERS = 8


@post(
    "/v1/me/second-factor",
    status_code=202,
    sync_to_thread=True,
    opt={"account": True},
    summary="Begin with a second factor",
    tags=["accounts"],
)
def post_second_factor(
    person: NamedDependency[SkipValidation[SignedIn]],
    account_context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    factors: NamedDependency[SkipValidation[SecondFactors]],
    codes: NamedDependency[SkipValidation[OneTimeCodes]],
) -> ShownSecret:
    """Show a secret for an authenticator app; it counts once a code of it was confirmed.

    Needs a sign-in of the last five minutes: else 403 `sign_in_again`.
    """
    secret = codes.new_secret()
    command = EnrolSecondFactor(
        user_id=person.user_id, secret=secret, authenticated_at=person.authenticated_at
    )
    position = enrol_second_factor(command, account_context, log, factors)
    label = str(person.user_id)[-LABEL_CHARACTERS:]
    return ShownSecret(
        id=person.user_id, position=position, secret=secret, uri=codes.uri(secret, label=label)
    )


@post(
    "/v1/me/second-factor/confirm",
    status_code=202,
    sync_to_thread=True,
    opt={"account": True},
    summary="Confirm a second factor",
    tags=["accounts"],
)
def post_second_factor_confirm(
    data: JSONBody[DeviceProof],
    person: NamedDependency[SkipValidation[SignedIn]],
    account_context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    factors: NamedDependency[SkipValidation[SecondFactors]],
    codes: NamedDependency[SkipValidation[OneTimeCodes]],
    rate_limits: NamedDependency[SkipValidation[RateLimits]],
    door: NamedDependency[SkipValidation[Door]],
) -> ShownRecoveryCodes:
    """Let sign-ins need a code from now on; answers with the recovery codes, this once.

    The person's other sessions end.
    """
    paper = list(codes.new_recovery_codes())
    command = ConfirmSecondFactor(
        user_id=person.user_id,
        session_id=person.session_id,
        code=data.code,
        recovery_codes=paper,
        authenticated_at=person.authenticated_at,
    )
    position = confirm_second_factor(
        command, account_context, log, factors, codes, rate_limits, door.sessions
    )
    return ShownRecoveryCodes(id=person.user_id, position=position, recovery_codes=paper)


@post(
    "/v1/me/second-factor/recovery-codes",
    status_code=202,
    sync_to_thread=True,
    opt={"account": True},
    summary="Renew the recovery codes",
    tags=["accounts"],
)
def post_recovery_codes(
    data: JSONBody[Proof],
    person: NamedDependency[SkipValidation[SignedIn]],
    account_context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    factors: NamedDependency[SkipValidation[SecondFactors]],
    codes: NamedDependency[SkipValidation[OneTimeCodes]],
    rate_limits: NamedDependency[SkipValidation[RateLimits]],
) -> ShownRecoveryCodes:
    """Show ten new codes, this once; the old ones are worth nothing."""
    paper = list(codes.new_recovery_codes())
    proof = ProveSecondFactor(user_id=person.user_id, code=data.code)
    command = RenewRecoveryCodes(proof=proof, recovery_codes=paper)
    position = renew_recovery_codes(command, account_context, log, factors, codes, rate_limits)
    return ShownRecoveryCodes(id=person.user_id, position=position, recovery_codes=paper)


@post(
    "/v1/me/second-factor/remove",
    status_code=202,
    sync_to_thread=True,
    opt={"account": True},
    summary="Remove the second factor",
    tags=["accounts"],
)
def post_second_factor_remove(
    data: JSONBody[Proof],
    person: NamedDependency[SkipValidation[SignedIn]],
    account_context: NamedDependency[SkipValidation[Context]],
    log: NamedDependency[SkipValidation[EventLog]],
    factors: NamedDependency[SkipValidation[SecondFactors]],
    codes: NamedDependency[SkipValidation[OneTimeCodes]],
    rate_limits: NamedDependency[SkipValidation[RateLimits]],
) -> Accepted:
    """Do without it, for whoever shows a code of it: the password alone is not enough."""
    proof = ProveSecondFactor(user_id=person.user_id, code=data.code)
    position = remove_second_factor(
        RemoveSecondFactor(proof), account_context, log, factors, codes, rate_limits
    )
    return Accepted(id=person.user_id, position=position)
