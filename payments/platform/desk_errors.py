"""Errors of the operators' desks, for acquirers, settlement and reconciliation: leaves of the tree in `errors`."""

from payments.platform.errors import Permanent


class AcquirerOperationConflict(Permanent):
    """The operation's state at the acquirer does not allow what an operator asks for."""

    code = "ACQUIRER_OPERATION_CONFLICT"


class SecondOperatorNeeded(Permanent):
    """An operator agrees to a proposal of their own."""

    code = "SECOND_OPERATOR_NEEDED"


class SettlementConflict(Permanent):
    """The state of a batch, or of an adjustment, does not allow what an operator asks for."""

    code = "SETTLEMENT_CONFLICT"


class NothingToPayOut(Permanent):
    """No batch in this currency is APPROVED, or all that are wait for suspended merchants."""

    code = "NOTHING_TO_PAY_OUT"


class PayoutAccountMissing(Permanent):
    """The file needs bank accounts, and the platform or a merchant has none."""

    code = "PAYOUT_ACCOUNT_MISSING"


class FeeScheduleConflict(Permanent):
    """There is a schedule of this merchant and currency from the same time on."""

    code = "FEE_SCHEDULE_CONFLICT"


class ReconConflict(Permanent):
    """The exception's state does not allow what an operator asks for."""

    code = "RECON_CONFLICT"


class DuplicateFile(Permanent):
    """A settlement file with the same bytes, or lines, is stored already: `file_id`, where it is known."""

    code = "DUPLICATE_FILE"

    def __init__(self, message: str, file_id: int | None = None) -> None:
        super().__init__(message)
        self.file_id = file_id


class FileNotTaken(Permanent):
    """What was sent is no settlement file: nothing of it is stored."""

    code = "FILE_REFUSED"
