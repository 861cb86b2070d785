"""What gguf-py makes of random quantised blocks: writes quantisation.golden.json beside this file.

    pip install gguf==0.19.0 && python quantisation.golden.py

Blocks and results are hexadecimal: the bytes of three blocks in a row, and the little-endian float32 of their elements.
"""

import json
from pathlib import Path

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType as Type
from gguf.quants import dequantize

# Where a block has its float16 numbers; the other bytes may be anything.
HALVES = {
    Type.Q4_0: [0],
    Type.Q4_1: [0, 2],
    Type.Q5_0: [0],
    Type.Q5_1: [0, 2],
    Type.Q8_0: [0],
    Type.Q4_K: [0, 2],
    Type.Q5_K: [0, 2],
    Type.Q6_K: [208],
}

random = np.random.default_rng(1)
golden = {}
for kind, halves in HALVES.items():
    elements, size = GGML_QUANT_SIZES[kind]
    blocks = random.integers(0, 256, (3, size), dtype=np.uint8)
    for at in halves:
        numbers = (random.standard_normal(3) * [1e-6, 0.02, 30]).astype(np.float16)
        blocks[:, at : at + 2] = numbers.view(np.uint8).reshape(3, 2)
    values = dequantize(blocks, kind).astype("<f4")
    golden[kind.name] = {"bytes": blocks.tobytes().hex(), "values": values.tobytes().hex()}
Path(__file__).with_suffix(".json").write_text(json.dumps(golden, indent=1) + "\n")
