"""What killed workers leave in Redis. Nobody's work hangs on it, it would only fill Redis and confuse readers."""

from __future__ import annotations

from datetime import datetime

from redis import Redis
from rq import Queue
from rq.registry import FailedJobRegistry, StartedJobRegistry

from app.queue import QUEUES, redis_connection

JOB_KEYS = "rq:job:*"
A_DAY = 24 * 3600


def tidy(_now: datetime) -> None:
    redis = redis_connection()
    for name in QUEUES:
        _tidy_queue(Queue(name, connection=redis, serializer="json"))
    _let_orphans_expire(redis)


def _tidy_queue(queue: Queue) -> None:
    StartedJobRegistry(queue=queue).cleanup()
    FailedJobRegistry(queue=queue).cleanup()
    # A bell that was taken but never heard: the tick has rung again long ago.
    for job_id in queue.intermediate_queue.get_job_ids():
        if job_id not in queue.started_job_registry and not queue.intermediate_queue.set_first_seen(job_id):
            queue.intermediate_queue.remove(job_id)


def _let_orphans_expire(redis: Redis) -> None:
    """A started job has no expiry of its own; one that lost its worker would stay for ever."""
    for key in redis.scan_iter(JOB_KEYS, count=1000):
        if redis.ttl(key) == -1:
            redis.expire(key, A_DAY)
