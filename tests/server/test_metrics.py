"""What is counted is told as Prometheus reads it, for each server by itself."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from headstart.server.metrics import Metrics


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(metrics.text().decode())
    return {(each.name, tuple(each.labels.items())): each.value for family in families for each in family.samples}


def test_requests_pictures_and_stages_are_counted() -> None:
    metrics = Metrics(lambda: 3)
    metrics.count_request("/v1/predict", 200, 0.02)
    metrics.count_request("/v1/predict", 429, 0.001)
    metrics.count_picture("answered")
    metrics.count_picture("answered")
    with pytest.raises(LookupError), metrics.stage("decode"):
        raise LookupError
    found = samples(metrics)
    assert found["headstart_requests_total", (("route", "/v1/predict"), ("status", "200"))] == 1
    assert found["headstart_requests_total", (("route", "/v1/predict"), ("status", "429"))] == 1
    assert found["headstart_request_seconds_count", (("route", "/v1/predict"),)] == 2
    assert found["headstart_pictures_total", (("outcome", "answered"),)] == 2
    assert found["headstart_stage_seconds_count", (("stage", "decode"),)] == 1
    assert found["headstart_pictures_in_work", ()] == 3


def test_two_servers_count_for_themselves() -> None:
    one, other = Metrics(lambda: 0), Metrics(lambda: 0)
    one.count_picture("answered")
    assert ("headstart_pictures_total", (("outcome", "answered"),)) not in samples(other)
