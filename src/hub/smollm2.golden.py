"""What transformers, tokenizers and gguf-py make of the packaged SmolLM2: writes smollm2.golden.json beside this file.

    pip install torch==2.15.0 transformers==5.24.0 tokenizers==0.23.3 gguf==0.19.0 accelerate==1.15.0
    python smollm2.golden.py SmolLM2-135M-Instruct.Q4_1.gguf

The weights are read and dequantised by transformers' own GGUF loader, and computed with in float32 on the CPU. It does not
know this tokenizer: that is put together here from the file's metadata, with tokenizers.
"""

import json
import sys
from pathlib import Path

import torch
from gguf import GGUFReader
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from transformers import AutoModelForCausalLM

TEXTS = [
    "The capital of France is",
    "What is 1234 + 5678? It's 6912.",
    " leading space\n\n\ttabs\tand  double  spaces ",
    "def f(x):\n    return x ** 2  # square",
    "naïve café, Zürich, Ελληνικά, русский, 中文, 日本語, العربية",
    "🙂 👩‍👩‍👧 $\\frac{1}{2}$",
    "<|im_start|>user\nHi<|im_end|>\n",
]
CHATS = [
    [{"role": "user", "content": "What is 7 + 5?"}],
    [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "Bye"},
    ],
]
STEPS = 16


def main(path: Path) -> None:
    fields = {key: field.contents() for key, field in GGUFReader(path).fields.items() if key.startswith("tokenizer.")}
    tokenizer = make_tokenizer(fields)
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
    template = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(
        fields["tokenizer.chat_template"]
    )
    golden = {
        "texts": [with_logprobs(model, tokenizer, text) for text in TEXTS],
        "chats": [
            {"messages": messages, "text": template.render(messages=messages, add_generation_prompt=True)}
            for messages in CHATS
        ],
        "greedy": [greedy(model, tokenizer.encode(text).ids) for text in TEXTS[:2]],
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n")


def make_tokenizer(fields: dict) -> Tokenizer:
    tokens = fields["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = [token for token, kind in zip(tokens, fields["tokenizer.ggml.token_type"]) if kind == 3]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in control])
    return tokenizer


@torch.no_grad()
def with_logprobs(model, tokenizer: Tokenizer, text: str) -> dict:
    ids = tokenizer.encode(text).ids
    logprobs = model(torch.tensor([ids])).logits[0].log_softmax(-1)
    return {
        "text": text,
        "ids": ids,
        "decoded": tokenizer.decode(ids, skip_special_tokens=False),
        "logprobs": [logprobs[i, token].item() for i, token in enumerate(ids[1:])],
    }


@torch.no_grad()
def greedy(model, prompt: list[int]) -> dict:
    tokens, gaps = [], []
    for _ in range(STEPS):
        best, second = model(torch.tensor([prompt + tokens])).logits[0, -1].topk(2).values
        tokens.append(model(torch.tensor([prompt + tokens])).logits[0, -1].argmax().item())
        gaps.append((best - second).item())
    return {"prompt": prompt, "tokens": tokens, "smallestGap": min(gaps)}


main(Path(sys.argv[1]))
