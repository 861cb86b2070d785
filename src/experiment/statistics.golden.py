"""What SciPy and statsmodels make of tests over seeds: writes statistics.golden.json beside this.

    pip install scipy==1.17.1 statsmodels==0.15.0
    python statistics.golden.py
"""

import json
import random
from pathlib import Path

from scipy import stats
from statsmodels.stats.multitest import multipletests

draw = random.Random(7)

tails = [
    {"t": t, "df": df, "p": 2 * stats.t.sf(abs(t), df)}
    for df in (1, 2, 3, 4, 7, 30, 1000)
    for t in (0.0, 1e-6, 0.3, -1.0, 2.5, 12.0, 80.0)
]
quantiles = [
    {"q": q, "df": df, "t": stats.t.ppf(q, df)}
    for df in (1, 2, 3, 4, 9, 50)
    for q in (0.5, 0.8, 0.95, 0.975, 0.9995)
]
paired = []
for n in (2, 3, 5, 20):
    before = [round(draw.gauss(0.4, 0.05), 4) for _ in range(n)]
    after = [round(x + draw.gauss(0.03, 0.04), 4) for x in before]
    result = stats.ttest_rel(after, before)
    interval = result.confidence_interval(0.95)
    paired.append({"before": before, "after": after, "t": result.statistic, "p": result.pvalue,
                   "low": interval.low, "high": interval.high})
holm = []
for n in (1, 2, 5, 12):
    p = [round(draw.random() ** 3, 5) for _ in range(n)]
    holm.append({"p": p, "adjusted": list(multipletests(p, method="holm")[1])})

golden = {"tails": tails, "quantiles": quantiles, "paired": paired, "holm": holm}
Path(__file__).with_suffix(".json").write_text(json.dumps(golden, indent="\t", default=float) + "\n")
