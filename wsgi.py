"""The web application for any WSGI server: `granian --interface wsgi wsgi:app`, `gunicorn wsgi:app`."""

import os
import sys

from app import create_app
from app.config import ConfigError, from_environment

try:
    app = create_app(from_environment(os.environ))
except ConfigError as error:
    sys.exit(f"campus: {error}")
