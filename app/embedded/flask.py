"""`bin/flask …`: the flask commands on the servers of bin/dev, or on servers started for the moment."""

import os
import sys

from app.embedded.become import ROOT, become

if __name__ == "__main__":
    os.environ.setdefault("LOG_FORMAT", "plain")
    become(ROOT / "var", "-m", "flask", "--app", "wsgi", *sys.argv[1:])
