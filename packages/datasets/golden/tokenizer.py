"""Writes tokenizer.json in this folder, which Hugging Face's tokenizers train and write, and tokenizer-cases.json, with what it encodes.

    npm run goldens -- --only datasets/golden/tokenizer
"""

import json

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

TEXT = """The cat sat on the mat; the cats sat on the mats. It's 2026, isn't it? They'll say they've 12345 reasons.
Größe, naïve, žluťoučký kůň, 言葉を学ぶ言葉, 🌟🌟 and\ttabs.\r\n\n  Indented   lines    and trailing space \n"""
SPECIAL = ["<|endoftext|>", "<|end|>"]

texts = [
    "",
    "The cat sat on the mat.",
    TEXT,
    "  leading, trailing  ",
    "a<|endoftext|>b <|end|><|endoftext|>",
    "don't DON'T we'll we’ll 'tis",
    "x\u00a0y\u0085z\ufeffw\u2003 v\u200bu",
    "１２３ ½ ⅷ ٣٤٥ 12abc34",
    "👩‍👩‍👧‍👦 e\u0301 한국어 ਪੰਜਾਬੀ",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "\x00\x01\x7f\u07ff\uffff\U0010ffff",
]


def trained(size, add_prefix_space):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([TEXT], trainer)
    return tokenizer


tokenizers = {"plain": trained(350, False), "prefixed": trained(300, True), "whole": trained(5000, False)}
tokenizers["plain"].save("tokenizer.json", pretty=False)
cases = []
for name, tokenizer in tokenizers.items():
    file = json.loads(tokenizer.to_str())
    encodings = [tokenizer.encode(text).ids for text in texts]
    decoded = [tokenizer.decode(ids, skip_special_tokens=False) for ids in encodings]
    cases.append({"name": name, "file": file, "texts": texts, "encodings": encodings, "decoded": decoded})

with open("tokenizer-cases.json", "w") as file:
    json.dump({"text": TEXT, "special": SPECIAL, "cases": cases}, file)
