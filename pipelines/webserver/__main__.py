"""`python -m pipelines.webserver`: see server.py."""

import sys

from pipelines.webserver.server import main

sys.exit(main())
