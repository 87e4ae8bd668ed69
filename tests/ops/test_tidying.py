from __future__ import annotations

import pytest
from flask import Flask
from rq import Queue
from rq.job import Job

from app.clock import clock
from app.ops import tidying
from app.queue import QUEUES, redis_connection


@pytest.fixture
def queue(app: Flask) -> Queue:
    return Queue(QUEUES[0], connection=redis_connection(), serializer="json")


def bell(queue: Queue) -> Job:
    return queue.enqueue_call("app.queue.hear", args=("nobody",), ttl=60)


def test_a_bell_that_its_worker_took_to_the_grave_is_forgotten(queue: Queue) -> None:
    bell(queue)
    redis_connection().lmove(queue.key, queue.intermediate_queue_key)
    tidying.tidy(clock())
    assert len(queue.intermediate_queue.get_job_ids()) == 1  # it may just be on its way
    tidying.tidy(clock())
    assert queue.intermediate_queue.get_job_ids() == []


def test_a_job_without_an_end_is_given_one(queue: Queue) -> None:
    job = bell(queue)
    redis_connection().persist(job.key)
    tidying.tidy(clock())
    assert redis_connection().ttl(job.key) > 0  # type: ignore[operator]


def test_an_abandoned_job_leaves_the_started_ones(queue: Queue) -> None:
    job = bell(queue)
    registry = queue.started_job_registry
    redis_connection().zadd(registry.key, {f"{job.id}:gone": 1})
    tidying.tidy(clock())
    assert registry.get_job_ids(cleanup=False) == []
