"""One RL step with TRL's RLOOTrainer: the peer of bench/rl-step.ts, on the same model, prompts and amounts.

Prints one JSON object, of the form in bench/measurement.ts, on standard output.
"""

import argparse
import contextlib
import json
import os
import platform
import resource
import sys
import tempfile
import time
import zlib

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--model", required=True, help="folder written by `bench/main.ts prepare`")
parser.add_argument("--dtype", choices=["f32", "bf16"], required=True)
parser.add_argument("--threads", type=int, default=os.cpu_count())
parser.add_argument("--warmup", type=int, required=True)
parser.add_argument("--steps", type=int, required=True)
parser.add_argument("--micro-batch", type=int, required=True, help="sequences in one forward and backward pass")
parser.add_argument(
    "--autocast",
    action="store_true",
    help="bf16 as f32 weights under autocast (TRL's bf16=True) and not as bf16 weights",
)
parser.add_argument("--gradient-checkpointing", action="store_true")
args = parser.parse_args()

# Read by OpenMP when torch is imported.
os.environ["OMP_NUM_THREADS"] = str(args.threads)
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import torch  # noqa: E402
import transformers  # noqa: E402
import trl  # noqa: E402
from datasets import Dataset  # noqa: E402
from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: E402

torch.set_num_threads(args.threads)
transformers.utils.logging.disable_progress_bar()

with open(os.path.join(args.model, "job.json")) as file:
    job = json.load(file)
with open(os.path.join(args.model, "config.json")) as file:
    vocabulary = json.load(file)["vocab_size"]
completions = len(job["prompts"]) * job["groupSize"]
tokens = completions * job["completionTokens"]


def number_words():
    """Token 17 is the word "17". The end of a sequence is a token that the model does not have: none is sampled."""
    words = {str(i): i for i in range(vocabulary)} | {"<eos>": vocabulary}
    inner = Tokenizer(models.WordLevel(words, unk_token="<eos>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, eos_token="<eos>", pad_token="<eos>", padding_side="left"
    )


def reward(completions, completion_ids, **_):
    """Stands in for a verifier. Also checks that the step is the one that is claimed."""
    assert all(len(ids) == job["completionTokens"] for ids in completion_ids), "a completion ended early"
    return [float(zlib.crc32(text.encode()) & 1) for text in completions]


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


class Clock:
    """Seconds of each part of the running step."""

    def __init__(self):
        self.parts = {"sample": 0.0, "reference": 0.0, "rescore": 0.0}
        self.inside = False

    @contextlib.contextmanager
    def part(self, name):
        start = time.perf_counter()
        yield
        self.parts[name] += time.perf_counter() - start

    def take(self):
        taken, self.parts = self.parts, dict.fromkeys(self.parts, 0.0)
        return taken


clock = Clock()


class TimedTrainer(trl.RLOOTrainer):
    def _generate(self, *rest, **named):
        with clock.part("sample"):
            return super()._generate(*rest, **named)

    def _get_per_token_logps_and_entropies(self, model, *rest, **named):
        if torch.is_grad_enabled():
            return super()._get_per_token_logps_and_entropies(model, *rest, **named)
        with clock.part("reference" if model is self.ref_model else "rescore"):
            return super()._get_per_token_logps_and_entropies(model, *rest, **named)


class Steps(transformers.TrainerCallback):
    """A step is all that happens between two ends of an optimiser step."""

    def __init__(self):
        self.measured = []
        self.loaded = 0

    def on_train_begin(self, *_, **__):
        self.loaded = resident()
        self.since = time.perf_counter()

    def on_step_end(self, training_args, state, control, **_):
        now = time.perf_counter()
        step = now - self.since
        parts = clock.take()
        timing = {**parts, "learn": step - sum(parts.values()), "step": step}
        if state.global_step > args.warmup:
            self.measured.append(timing)
        shown = " + ".join(f"{value:.2f}" for name, value in timing.items() if name != "step")
        print(f"  trl: step in {step:.2f} s ({shown})", file=sys.stderr, flush=True)
        self.since = time.perf_counter()


steps = Steps()
weights = torch.bfloat16 if args.dtype == "bf16" and not args.autocast else torch.float32

with tempfile.TemporaryDirectory() as output:
    config = trl.RLOOConfig(
        output_dir=output,
        use_cpu=True,
        bf16=args.dtype == "bf16" and args.autocast,
        model_init_kwargs={"dtype": weights, "attn_implementation": "sdpa"},
        max_steps=args.warmup + args.steps,
        per_device_train_batch_size=args.micro_batch,
        gradient_accumulation_steps=completions // args.micro_batch,
        gradient_checkpointing=args.gradient_checkpointing,
        num_generations=job["groupSize"],
        num_iterations=1,
        max_completion_length=job["completionTokens"],
        temperature=1.0,
        beta=0.05,
        learning_rate=1e-5,
        lr_scheduler_type="constant",
        adam_beta1=0.9,
        adam_beta2=0.95,
        weight_decay=0.0,
        max_grad_norm=1.0,
        optim="adamw_torch_fused",
        shuffle_dataset=False,
        logging_strategy="no",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=False,
        seed=1,
    )
    trainer = TimedTrainer(
        model=args.model,
        reward_funcs=reward,
        args=config,
        train_dataset=Dataset.from_list([{"prompt": " ".join(map(str, prompt))} for prompt in job["prompts"]]),
        processing_class=number_words(),
        callbacks=[steps],
    )
    trainer.remove_callback(transformers.PrinterCallback)
    # The trainer prints its summary on standard output, which belongs to the result.
    with contextlib.redirect_stdout(sys.stderr):
        trainer.train()

assert len(steps.measured) == args.steps, f"{len(steps.measured)} of {args.steps} steps were measured"
result = {
    "side": "trl",
    "steps": steps.measured,
    "tokens": tokens,
    "memory": {
        "loaded": steps.loaded,
        # Kilobytes on Linux, bytes on macOS.
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    },
    "environment": {
        "trl": trl.__version__,
        "transformers": transformers.__version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "oneDnnCap": os.environ.get("ONEDNN_MAX_CPU_ISA", "none"),
        "threads": torch.get_num_threads(),
        "dtype": args.dtype,
        "weights": str(weights).removeprefix("torch."),
        "autocast": str(args.dtype == "bf16" and args.autocast),
        "microBatch": args.micro_batch,
        "gradientCheckpointing": str(args.gradient_checkpointing),
    },
}
print(json.dumps(result))
