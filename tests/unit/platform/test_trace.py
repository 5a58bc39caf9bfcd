"""The trace id of a traceparent."""

import pytest

from payments.platform.tracing.trace import is_valid, trace_id_of


@pytest.mark.parametrize(
    ("traceparent", "trace_id"),
    [
        (f"00-{'a1' * 16}-{'b2' * 8}-01", "a1" * 16),
        (f"cc-{'a1' * 16}-{'b2' * 8}-00", "a1" * 16),
        (f"ff-{'a1' * 16}-{'b2' * 8}-01", ""),
        (f"00-{'0' * 32}-{'b2' * 8}-01", ""),
        (f"00-{'a1' * 16}-{'0' * 16}-01", ""),
        (f"00-{'A1' * 16}-{'b2' * 8}-01", ""),
        (f"00-{'a1' * 16}-{'b2' * 8}-01-more", ""),
        ("4111 1111 1111 1111", ""),
        ("", ""),
    ],
)
def test_the_trace_of_a_traceparent(traceparent: str, trace_id: str) -> None:
    assert trace_id_of(traceparent) == trace_id
    assert is_valid(traceparent) is bool(trace_id)
