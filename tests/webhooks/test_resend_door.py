"""POST /webhooks/resend: what Resend tells takes effect at once, once, and only with its signature."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from app.claims import Claim
from app.consent import permission
from app.consent.suppressions import of_address
from app.db import db
from app.deliveries import outcomes
from app.deliveries.providers import Outcome
from app.receipts import webhooks
from app.tracking.receipts import hearing
from tests.consent.conftest import *  # noqa: F403
from tests.deliveries.making import adds_up
from tests.events.coming_in import rows
from tests.factories import make_customer
from tests.webhooks import telling
from tests.webhooks.telling import OLDER, POSTED, SECRET, event, fresh, make_sent, post, run_of, signed
