"""Writes tokenizer.json in this folder, which Hugging Face's tokenizers train and write, and tokenizer-cases.json, with what it encodes.

    npm run goldens -- --only datasets/golden/tokenizer
"""

import json

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

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

LLAMA = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
GPT_4O = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
odd = texts + [
    "Don'T WE'LL he'ſ 1234567 \r\n\r\n  x\n \n",
    "[CLS] The unaffable cats' [MASK]s, don't! A [UNK] . 3.14 $5 ~a^b`c|d€",
    "ΟΔΥΣΣΕΥΣ Straße İstanbul ǅungla Å é ﬁ",
    "漢字𠀀\u2b73f \U0002b820\U0002b920 﨎豈〇 ーカタカナ",
    "\u0301x a\u0301\u0489 \u20dd a\u00adb\u200dc\u2028y\x00\ufffd\x7f\u0600",
    "a" * 101 + " " + "the" * 40,
    "—…¿«»፡𐄀 ‘quoted’ … 'tis",
]


def byte_level(regexes, normalizer=None, ignore_merges=False):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    splits = [pre_tokenizers.Split(Regex(regex), "isolated") for regex in regexes]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        *splits, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    ])
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=320, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([TEXT], trainer)
    return tokenizer


def word_piece(**options):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(**options)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=330, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator([TEXT, *odd], trainer)
    return tokenizer


# A word that no merge makes.
whole = json.loads(byte_level([LLAMA]).to_str())
whole["model"]["ignore_merges"] = True
whole["model"]["vocab"]["Ġreasons"] = len(whole["model"]["vocab"])
others = {
    "llama": byte_level([LLAMA]),
    "llama with whole words": Tokenizer.from_str(json.dumps(whole)),
    "qwen": byte_level([LLAMA.replace("{1,3}", "")], normalizers.NFC()),
    "gpt-4o": byte_level([GPT_4O]),
    "several patterns": byte_level([r"\p{N}{1,3}", r"[一-龥぀-ゟ゠-ヿ]+", r"\s?[\p{L}\p{M}]+|[\r\n]"], normalizers.NFKC()),
    "bert": word_piece(),
    "bert with capitals": word_piece(lowercase=False),
    "bert with accents": word_piece(lowercase=True, strip_accents=False),
    "bert of plain words": word_piece(lowercase=False, clean_text=False, handle_chinese_chars=False),
}
other_cases = []
for name, tokenizer in others.items():
    file = json.loads(tokenizer.to_str())
    encodings = [tokenizer.encode(text, add_special_tokens=False).ids for text in odd]
    decoded = [tokenizer.decode(ids, skip_special_tokens=False) for ids in encodings]
    other_cases.append({"name": name, "file": file, "encodings": encodings, "decoded": decoded})

with open("tokenizer-cases.json", "w") as file:
    json.dump({"text": TEXT, "special": SPECIAL, "cases": cases, "texts": odd, "others": other_cases}, file)
