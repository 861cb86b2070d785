"""Math-Verify's verdicts and time on pairs of answers: JSON lines on stdin, one JSON object on stdout."""

import json
import logging
import sys
import time

from math_verify import parse, verify

logging.disable(logging.CRITICAL)


def formula(text):
    """Math-Verify reads formulas where they are marked as such."""
    marked = "$" in text or "\\boxed" in text or "\\(" in text or "\\[" in text
    return text if marked else f"${text}$"


def verdict(row):
    try:
        return bool(verify(parse(formula(row["gold"])), parse(formula(row["answer"]))))
    except Exception:  # noqa: BLE001 - whatever it fails with, it has not accepted the answer
        return False


rows = [json.loads(line) for line in sys.stdin]
for row in rows[:20]:
    verdict(row)
started = time.perf_counter()
verdicts = [verdict(row) for row in rows]
print(json.dumps({"verdicts": verdicts, "milliseconds": (time.perf_counter() - started) * 1000 / len(rows)}))
