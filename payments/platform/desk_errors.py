"""Errors of the operators' desk for acquirers: leaves of the tree in `errors`."""

from payments.platform.errors import Permanent


class AcquirerOperationConflict(Permanent):
    """The operation's state at the acquirer does not allow what an operator asks for."""

    code = "ACQUIRER_OPERATION_CONFLICT"


class SecondOperatorNeeded(Permanent):
    """An operator agrees to a proposal of their own."""

    code = "SECOND_OPERATOR_NEEDED"
