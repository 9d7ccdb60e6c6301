"""Writes small tokenizers and what pip's tokenizers package (0.23) makes of some texts with them.

python3 Tests/Goldens/Text/make_tokenizers.py

Each NAME.json is {"tokenizer": a tokenizer.json, "cases": [{"text", "ids", "plain", "decoded", "kept"}]}: ids with and
without the special tokens around the text, decoded without and with special tokens.
"""
import collections
import json
import os
import re

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

here = os.path.dirname(os.path.abspath(__file__))
texts = [
    "", " ", "Hello, world!", "The quick brown fox doesn't jump over the lazy dog's back; it's 3.14159 o'clock, they'll say.",
    "I've  two   spaces, \ttabs\t\tand\n\nlines \n ", "don't DON'T we're I'd you'll 'tis ''quoted'' o''clock 's",
    "Größe über Straße, ÄÖÜ ß ẞ", "L'été à la façon d'Œuvre, où naïve coïncidence", "İstanbul IĞDIR ıssız",
    "Ελληνικά κείμενο Σίσυφος ΟΔΟΣ", "Ёлки-палки, щука и йод", "日本語のテキストと漢字、かな。", "中文字符测试,混合abc英文123",
    "한국어 문장입니다", "עברית עם נִקּוּד", "العربية مع تَشْكِيل ١٢٣", "हिन्दी में देवनागरी", "ไทยไม่มีช่องว่าง", "Tiếng Việt có dấu",
    "e\u0301 \u00e9 a\u0328\u0301 \u1e69 s\u0323\u0307 s\u0307\u0323", "\u212b \u2126 \u00c5 \ufb01 \u00bd \u00b2 \u2460",
    "emoji 😀👩‍👩‍👧🏽 🇩🇪 ❤️ done", "zero\u200bwidth\ufeff bom\u00ad soft", "nbsp\u00a0thin\u2009ideographic\u3000space\u2028line\u0085next",
    "control \x00\x01\x07\x7f chars \ufffd end", "a_b-c/d\\e|f~g`h^i$j%k&l*m(n)o=p+q[r]s{t}u<v>w@x#y", "«guillemets» “quotes” ‚low‘ – — … ¿qué? ¡sí!",
    "€100 £5 ¥3 ₿1 5°C ±2 ×3 ÷4 ©®™", "MixedCASE camelCaseWords snake_case_words kebab-case-words", "1234567890 12,345.67 1e-5 0x1F",
    "https://example.org/path?q=1&r=2#frag user@example.org", "x" * 99 + " " + "x" * 100 + " " + "x" * 101, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "text with [MASK] inside, [CLS]early[SEP] and[MASK]glued  [MASK]  spaced", "<pad><s>special</s> <unk> < s >", "cat CAT cats concat cat. Cat",
    "Ⅷ ⅷ 𝔘𝔫𝔦 𝟙𝟚𝟛 ａｂｃ １２３", "\u0958 \u0929 \u09cb \u0b94 \u1026", "각 \u1100\u1161\u11a8 \u1112\u1161\u11ab", "do not , isn 't . ' a ' !",
]


def write(name, tokenizer):
    cases = []
    for text in texts:
        full, plain = tokenizer.encode(text), tokenizer.encode(text, add_special_tokens=False)
        cases.append({
            "text": text, "ids": full.ids, "plain": plain.ids, "decoded": tokenizer.decode(full.ids),
            "kept": tokenizer.decode(full.ids, skip_special_tokens=False),
        })
    with open(os.path.join(here, name + ".json"), "w") as file:
        json.dump({"tokenizer": json.loads(tokenizer.to_str()), "cases": cases}, file, ensure_ascii=False, separators=(",", ":"))


def wordpiece(name, lowercase, **options):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase, **options)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=600, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False)
    tokenizer.train_from_iterator([text for text in texts if "ไทย" not in text], trainer)
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", cls), ("[SEP]", sep)])
    tokenizer.decoder = decoders.WordPiece()
    if name == "wordpiece-cased":
        tokenizer.add_tokens([AddedToken("cat", single_word=True, normalized=True), AddedToken("Ⅷ", normalized=False)])
        tokenizer.add_special_tokens([AddedToken("[MASK]", lstrip=True, rstrip=True)])
        tokenizer.post_processor = processors.BertProcessing(("[SEP]", sep), ("[CLS]", cls))
    write(name, tokenizer)


def bytepair(name, prefix_space):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix_space)
    trainer = trainers.BpeTrainer(
        vocab_size=700, special_tokens=["<pad>", "<unk>", "<s>", "</s>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.decoder = decoders.ByteLevel()
    if prefix_space:
        tokenizer.post_processor = processors.RobertaProcessing(("</s>", 3), ("<s>", 2))
    write(name, tokenizer)


def suffixed():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.BertPreTokenizer()])
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=["<pad>", "<unk>"], end_of_word_suffix="</w>", show_progress=False)
    tokenizer.train_from_iterator(texts[:10], trainer)
    tokenizer.decoder = decoders.BPEDecoder()
    write("bytepair-suffix", tokenizer)


def learned():
    """A plain, slow trainer with BytePairTokenizer.trained's rules: most frequent pair, ties by bytes, twice at least."""
    specials = ["<pad>", "<unk>", "<s>", "</s>"]
    split = pre_tokenizers.ByteLevel(add_prefix_space=False)
    symbol = sorted(pre_tokenizers.ByteLevel.alphabet())
    kept = list(range(0x21, 0x7F)) + list(range(0xA1, 0xAD)) + list(range(0xAE, 0x100))
    rest = [byte for byte in range(256) if byte not in kept]
    byte_of = {chr(byte): byte for byte in kept} | {chr(0x100 + i): byte for i, byte in enumerate(rest)}
    assert sorted(byte_of) == symbol
    spelled = lambda token: bytes(byte_of[c] for c in token)
    words = []
    for text in texts:
        for part in re.split("<pad>|<unk>|<s>|</s>", text):
            words += [list(word) for word, _ in split.pre_tokenize_str(part)]
    vocab = specials + sorted(symbol, key=lambda c: byte_of[c])
    merges = []
    while len(vocab) < 500:
        counts = collections.Counter(pair for word in words for pair in zip(word, word[1:]))
        counts = {pair: n for pair, n in counts.items() if n >= 2 and "".join(pair) not in specials}
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], spelled(pair[0]), spelled(pair[1])))
        merges.append(best)
        if "".join(best) not in vocab:
            vocab.append("".join(best))
        for i, word in enumerate(words):
            at, new = 0, []
            while at < len(word):
                joined = tuple(word[at:at + 2]) == best
                new.append("".join(best) if joined else word[at])
                at += 2 if joined else 1
            words[i] = new
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(vocab)}, merges, unk_token="<unk>"))
    tokenizer.add_special_tokens(specials)
    tokenizer.pre_tokenizer = split
    tokenizer.decoder = decoders.ByteLevel()
    write("learned", tokenizer)


def categories():
    """The characters that BERT's steps drop, cut at and strip, as ranges "first-last" in hexadecimal."""
    clean = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    strip = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
    cut = pre_tokenizers.BertPreTokenizer()
    scalars = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    found = {
        "control": [c for c in scalars if c not in (0, 0xFFFD) and clean.normalize_str(f"a{chr(c)}b") == "ab"],
        "punctuation": [c for c in scalars if len(cut.pre_tokenize_str(f"a{chr(c)}b")) == 3],
        "mark": [c for c in scalars if strip.normalize_str(f"a{chr(c)}b") == "ab"],
    }
    ranges = {}
    for name, codes in found.items():
        runs = []
        for c in codes:
            if runs and runs[-1][1] == c - 1:
                runs[-1][1] = c
            else:
                runs.append([c, c])
        ranges[name] = ["%x-%x" % tuple(run) for run in runs]
    with open(os.path.join(here, "bert-categories.json"), "w") as file:
        json.dump(ranges, file, separators=(",", ":"))


categories()
learned()
wordpiece("wordpiece-uncased", True)
wordpiece("wordpiece-cased", False)
wordpiece("wordpiece-accents", True, strip_accents=False, handle_chinese_chars=False)
bytepair("bytepair", False)
bytepair("bytepair-prefix", True)
suffixed()
