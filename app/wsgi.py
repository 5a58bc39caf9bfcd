"""The WSGI application `app.wsgi:app`. Patches the standard library before anything else is imported."""

from gevent import monkey

monkey.patch_all()

import os  # noqa: E402
import sys  # noqa: E402
from typing import Final  # noqa: E402

from app.bootstrap import BadSettings, build  # noqa: E402

_APP_LOAD_ERROR: Final = 4
"""gunicorn stops when a worker exits with this code; after any other it starts another worker."""

try:
    app = build(os.environ)
except BadSettings as error:
    sys.stderr.write(f"{error}\n")
    sys.exit(_APP_LOAD_ERROR)
