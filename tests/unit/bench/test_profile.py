"""Samples of py-spy, summed by layer."""

from bench.profile import layers

STACKS = """\
thread (main);run (gunicorn/workers/ggevent.py:1);execute (pymysql/cursors.py:9) 60
thread (main);run (gunicorn/workers/ggevent.py:1);allow (payments/payment/admission.py:4) 20
thread (main);run (gunicorn/workers/ggevent.py:1);plan (payments/payment/plan.py:4) 10
thread (main);run (gunicorn/workers/ggevent.py:1) 5
thread (main);dumps (json/__init__.py:3) 5
"""


def test_the_innermost_frame_decides_and_the_largest_comes_first() -> None:
    assert layers(STACKS) == [
        ("PyMySQL", 60.0),
        ("Redis script, our side", 20.0),
        ("payments (rules, use cases, stores)", 10.0),
        ("gunicorn", 5.0),
        ("Python's library and others", 5.0),
    ]
