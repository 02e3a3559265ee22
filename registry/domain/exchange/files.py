"""The files of one table: lines twice, a report of what went out, and a manifest."""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from registry.domain.exchange.mapping import Line, Mapped
from registry.domain.exchange.plan import Plan
from registry.domain.exchange.tables import TABLES

MANIFEST = "manifest.json"


def report(plan: Plan, done: Mapped | None = None) -> dict[str, object]:
    """Return what goes out for how many records on what, and what is withheld and why.

    Without records it tells the plan alone.
    """
    counts = {} if done is None else done.counts
    return {
        "table": plan.type,
        "title": TABLES[plan.type].title,
        "why_not": TABLES[plan.type].why_not or None,
        "blocked": [rule.name for rule, _ in plan.blocked],
        "records": 0 if done is None else len(done.lines),
        "outgoing": [
            {
                "field": each.rule.name,
                "meaning": each.rule.meaning,
                "form": each.how,
                "law": each.basis.law,
                "document": each.basis.document,
                "until": each.basis.until.isoformat(),
                "records": counts.get(each.rule.name, 0),
            }
            for each in plan.outgoing
        ],
        "withheld": [
            {
                "field": rule.name,
                "meaning": rule.meaning,
                "required": rule.required,
                "why": why,
                "from": rule.origin,
            }
            for rule, why in plan.withheld
        ],
        "refused": []
        if done is None
        else [
            {"row": r.row, "record": r.record, "field": r.field, "remedy": r.remedy}
            for r in done.refused
        ],
    }


def files(plan: Plan, done: Mapped, said: Mapping[str, object]) -> dict[str, bytes]:
    """Return the files of a table by name, with what is said of it as its report."""
    names = [each.rule.name for each in plan.outgoing]
    return {
        f"{plan.type}.jsonl": b"".join(_json(line) for line in done.lines),
        f"{plan.type}.csv": _csv(names, done.lines),
        f"{plan.type}.report.json": _json(said),
    }


def manifest(
    made: Mapping[str, bytes], id_: str, recipient: str, at: datetime
) -> bytes:
    """Return which files belong together, with size and SHA-256 of each."""
    return _json(
        {
            "format": "menhu-exchange/1",
            "disclosure": id_,
            "recipient": recipient,
            "made_at": at.isoformat(),
            "files": [
                {
                    "name": name,
                    "bytes": len(content),
                    "sha256": hashlib.sha256(content).hexdigest(),
                }
                for name, content in sorted(made.items())
            ],
        }
    )


def _csv(names: list[str], lines: Iterable[Line]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue().encode()


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
