"""The web application for any WSGI server: `granian --interface wsgi wsgi:app`, `gunicorn wsgi:app`."""

import gc
import os
import sys

from app import create_app
from app.config import from_environment
from app.environment import ConfigError

try:
    app = create_app(from_environment(os.environ))
except ConfigError as error:
    sys.exit(f"campus: {error}")

# What the application is made of lives as long as the process: looking through it for cycles, again and again while
# a thousand items are read, would cost a fifth of the time.
gc.collect()
gc.freeze()
