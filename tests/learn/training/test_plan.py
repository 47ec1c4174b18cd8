"""Network and plan: plain values that cross over to another process as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from headstart.learn.training.plan import Network, Plan


def test_a_network_and_a_plan_are_the_same_after_a_journey_as_json() -> None:
    network = Network("mobilenet_v2", 160, None, 3, 0.2, batch_statistics=False)
    plan = Plan(20, 32, 1e-3, "cosine", 0.3, 0.01, 0.1, "none", 5, 7)
    assert Network(**json.loads(json.dumps(asdict(network)))) == network
    assert Plan(**json.loads(json.dumps(asdict(plan)))) == plan
