"""Settles once, two payments in a chunk, and ends like `kill -9` at a point: `python -m … URL POINT`.

POINT `none`: at none.
"""

import sys
from unittest.mock import patch

from payments import crash_points
from payments.platform.database import create_engine
from payments.settlement import due_store
from tests.contracts.settlement.selling import settle

if __name__ == "__main__":
    url, point = sys.argv[1:]
    crash_points.arm(None if point == "none" else point)
    with patch.object(due_store, "PAYMENTS", 2):
        settle(create_engine(url))
