"""Federated averaging over satellites: nothing here knows of orbits, passes or gateways."""

import json
from math import cos, pi
from pathlib import Path

from flwr.app import ArrayRecord, ConfigRecord, Context, MetricRecord
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg

from perigee_federation.tensors import read_arrays, write_arrays

app = ServerApp()

ORDER = ("model", "base", "what", "rank", "alpha", "batch", "optimizer", "steps", "rate", "seed", "coding", "keep")


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Runs the rounds and keeps the parameters of each in `out/round-N.safetensors`."""
    config = context.run_config
    out = Path(str(config["out"]))
    out.mkdir(parents=True, exist_ok=True)
    satellites = int(config["satellites"])
    rounds = int(config["rounds"])
    order = ConfigRecord({name: config[name] for name in ORDER})

    def keep(server_round: int, arrays: ArrayRecord) -> MetricRecord | None:
        write_arrays(out / f"round-{server_round}.safetensors", arrays)
        # FedAvg sends this record with its next round: the tiles in another order, and the rate where it has come to.
        order["seed"] = int(config["seed"]) + server_round
        if config["falling"]:
            order["rate"] = float(config["rate"]) * (1 + cos(pi * server_round / rounds)) / 2
        return None

    strategy = FedAvg(
        # Satellites tell their accuracy with the update: no pass is spent on evaluation alone.
        fraction_evaluate=0.0,
        min_train_nodes=satellites,
        min_available_nodes=satellites,
    )
    result = strategy.start(
        grid,
        initial_arrays=read_arrays(Path(str(config["initial"]))),
        num_rounds=rounds,
        timeout=float(config["timeout"]),
        train_config=order,
        evaluate_fn=keep,
    )
    metrics = {server_round: dict(record) for server_round, record in result.train_metrics_clientapp.items()}
    (out / "metrics.json").write_text(json.dumps(metrics, indent=1))
