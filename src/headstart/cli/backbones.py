"""``headstart backbones``."""

from __future__ import annotations


def backbones(*, json: bool = False) -> None:
    """List the pretrained networks.

    Parameters
    ----------
    json
        Print one JSON list with everything that is known of them.
    """
    from headstart.cli.printing import print_json, print_table
    from headstart.jobs.backbones import backbones as table

    documents = table()
    if json:
        print_json(documents)
        return
    rows = [
        (
            d["name"],
            str(d["image_size"]),
            f"{d['parameters'] / 1e6:.1f}",
            str(d["layers"][0]["dimension"]),
            f"{d['top1']:.1f}",
            d["licence"],
        )
        for d in documents
    ]
    columns = ("backbone", "pixels", "parameters (M)", "features", "ImageNet top-1 (%)", "licence")
    print_table("", columns, rows)
