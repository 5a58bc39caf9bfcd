"""Errors of the operators' desks, for acquirers and for reconciliation: leaves of the tree in `errors`."""

from payments.platform.errors import Permanent


class AcquirerOperationConflict(Permanent):
    """The operation's state at the acquirer does not allow what an operator asks for."""

    code = "ACQUIRER_OPERATION_CONFLICT"


class SecondOperatorNeeded(Permanent):
    """An operator agrees to a proposal of their own."""

    code = "SECOND_OPERATOR_NEEDED"


class ReconConflict(Permanent):
    """The exception's state does not allow what an operator asks for."""

    code = "RECON_CONFLICT"


class DuplicateFile(Permanent):
    """A settlement file with the same bytes is stored already."""

    code = "DUPLICATE_FILE"


class FileNotTaken(Permanent):
    """What was sent is no settlement file: nothing of it is stored."""

    code = "FILE_REFUSED"
