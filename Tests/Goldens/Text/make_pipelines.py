"""Writes small tokenizers of the kinds that published models have, and what pip's tokenizers package (0.23) makes of the
texts of multilingual.py with them. Needs pip's sentencepiece (0.2) for the table of replacements and T5's vocabulary.

python3 Tests/Goldens/Text/make_pipelines.py

texts.json            the texts
charsmap.png          SentencePiece's compiled nmt_nfkc table, its bytes as pixels of four channels, zeros at the end: deflated,
                      it is a third of its base64. A tokenizer.json that has it says "charsmap.png" in its place.
pipelines/NAME.json   {"tokenizer": a tokenizer.json, "results": [for each text, between spaces: how many ids; a hash of the ids with a
                      space after each; one of the text decoded, a zero byte, and the text decoded with special tokens]}; a hash is
                      the first eight digits of SHA-256
parts.json            [{"part", "definition", "results"}]: normalizers, pre-tokenizers (a list of pieces, null where the text
                      stays whole) and decoders (of what lies between a text's spaces), null where nothing changed
scalars.json          for normalizers, the SHA-256 of what they make of every scalar value, each followed by a zero byte
"""
import base64
import hashlib
import json
import os
import struct
import tempfile
import zlib

import sentencepiece
from multilingual import LINES, TEXTS, TRICKY
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

here = os.path.dirname(os.path.abspath(__file__))
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
GPT4O = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
CLIP = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
BLOOM = " ?[^(\\s|[.,!?…。，、।۔،])]+"
SENTENCEPIECE_BYTES = ["<0x%02X>" % byte for byte in range(256)]


def dump(name, value):
    with open(os.path.join(here, name), "w") as file:
        json.dump(value, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")


def added(id, content, special=True, **options):
    token = {"id": id, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": not special, "special": special}
    return token | options


def template(vocab, before, after):
    special = lambda token: {"SpecialToken": {"id": token, "type_id": 0}}
    single = [special(token) for token in before] + [{"Sequence": {"id": "A", "type_id": 0}}] + [special(token) for token in after]
    return {
        "type": "TemplateProcessing", "single": single, "pair": single + [{"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {token: {"id": token, "ids": [vocab[token]], "tokens": [token]} for token in before + after}}


def write(name, model, specials, normalizer=None, pre_tokenizer=None, post_processor=None, decoder=None):
    """`specials` are contents, which are in the vocabulary, or whole entries."""
    vocab = model["vocab"]
    if isinstance(vocab, list):
        vocab = {token: id for id, (token, _) in enumerate(vocab)}
    definition = {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [added(vocab[token], token) if isinstance(token, str) else token for token in specials],
        "normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "post_processor": post_processor and post_processor(vocab),
        "decoder": decoder, "model": model}
    text = json.dumps(definition)
    tokenizer = Tokenizer.from_str(text.replace("charsmap.png", base64.b64encode(charsmap).decode()))
    results = []
    for text in TEXTS:
        ids = tokenizer.encode(text).ids
        decoded = tokenizer.decode(ids) + "\0" + tokenizer.decode(ids, skip_special_tokens=False)
        results.append(f"{len(ids)} {short_hash(''.join(f'{id} ' for id in ids))} {short_hash(decoded)}")
    dump(f"pipelines/{name}.json", {"tokenizer": definition, "results": results})


def short_hash(text):
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def sentencepiece_model(size):
    """A unigram model that SentencePiece learned, with its nmt_nfkc table."""
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/texts", "w") as file:
            file.write("\n".join(line for text in LINES[:24] + LINES[24::9] for line in text.split("\n")))
        sentencepiece.SentencePieceTrainer.train(
            input=folder + "/texts", model_prefix=folder + "/model", vocab_size=size, normalization_rule_name="nmt_nfkc",
            character_coverage=0.98, pad_id=0, eos_id=1, unk_id=2, bos_id=-1, num_threads=1, minloglevel=2)
        model = sentencepiece_model_pb2.ModelProto()
        with open(folder + "/model.model", "rb") as file:
            model.ParseFromString(file.read())
    return [[piece.piece, piece.score] for piece in model.pieces], model.normalizer_spec.precompiled_charsmap


def write_charsmap():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    width = 256
    stride = 4 * width
    data = charsmap + bytes(-len(charsmap) % stride)
    rows = []
    for start in range(0, len(data), stride):
        row = data[start:start + stride]
        # Filter 1: each byte less the one four before it.
        rows.append(b"\1" + bytes((byte - (row[i - 4] if i >= 4 else 0)) % 256 for i, byte in enumerate(row)))
    header = struct.pack(">IIBBBBB", width, len(rows), 8, 6, 0, 0, 0)
    with open(os.path.join(here, "charsmap.png"), "wb") as file:
        file.write(
            b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"".join(rows), 9)) + chunk(b"IEND", b""))


def merges(size, specials=(), normalizer=None, pre_tokenizer=None, texts=LINES, **options):
    """Vocabulary and merges that the package's trainer learns."""
    tokenizer = Tokenizer(models.BPE(**options))
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre_tokenizer:
        tokenizer.pre_tokenizer = pre_tokenizer
    suffixes = {key: options[key] for key in ("continuing_subword_prefix", "end_of_word_suffix") if key in options}
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=list(specials), show_progress=False, **suffixes)
    tokenizer.train_from_iterator(texts, trainer)
    return json.loads(tokenizer.to_str())["model"]


def byte_level(size, specials, pre_tokenizer):
    """The same over bytes, all of which are in the vocabulary."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=specials, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(LINES, trainer)
    return json.loads(tokenizer.to_str())["model"]


def with_bytes(model, first, count=256):
    """The byte tokens put in from id `first` on."""
    vocab = {token: id if id < first else id + count for token, id in model["vocab"].items()}
    vocab |= {token: first + i for i, token in enumerate(SENTENCEPIECE_BYTES[:count])}
    return model | {"vocab": dict(sorted(vocab.items(), key=lambda item: item[1])), "byte_fallback": True}


def unigrams():
    pieces, _ = sentencepiece_model(420)
    pieces = [[token, round(score, 4)] for token, score in pieces]
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    extra = [["<extra_id_0>", 0.0], ["<extra_id_1>", 0.0]]
    write(
        "t5", {"type": "Unigram", "unk_id": 2, "vocab": pieces + extra, "byte_fallback": False},
        ["<pad>", "</s>", "<unk>", added(len(pieces), "<extra_id_0>"), added(len(pieces) + 1, "<extra_id_1>", lstrip=True, rstrip=True)],
        {"type": "Precompiled", "precompiled_charsmap": "charsmap.png"},
        {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace]}, lambda v: template(v, [], ["</s>"]), metaspace)

    # Scores that are rounded until many ways to spell a word are equally good.
    rough = [[token, float(round(score))] for token, score in pieces]
    legacy = {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True, "str_rep": "▁"}
    write(
        "mt5", {"type": "Unigram", "unk_id": 2, "vocab": rough, "byte_fallback": False}, ["<pad>", "</s>", "<unk>"],
        {"type": "Sequence", "normalizers": [
            {"type": "Precompiled", "precompiled_charsmap": "charsmap.png"}, {"type": "Strip", "strip_left": False, "strip_right": True},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"}]},
        legacy, lambda v: template(v, ["<pad>"], ["</s>"]), legacy)

    short = [piece for piece in pieces if piece[0] in ("<pad>", "</s>", "<unk>") or piece[0].isascii() or piece[0][0] == "▁"]
    first = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}
    bytes_of = [[token, -12.0] for token in SENTENCEPIECE_BYTES if token != "<0xF0>"]
    write(
        "unigram-bytes", {"type": "Unigram", "unk_id": 2, "vocab": short + bytes_of, "byte_fallback": True}, ["</s>", "<unk>"],
        {"type": "Sequence", "normalizers": [{"type": "Nmt"}, {"type": "NFKC"}]},
        {"type": "Sequence", "pretokenizers": [
            first, {"type": "Digits", "individual_digits": True}, {"type": "Punctuation", "behavior": "MergedWithPrevious"}]}, None,
        {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, first]})

    lower = {token.lower(): score for token, score in reversed(short)}
    cls = [["[CLS]", 0.0], ["[SEP]", 0.0], ["[MASK]", 0.0]]
    write(
        "albert", {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0]] + cls + [[t, s] for t, s in lower.items() if t[0] != "<"]},
        ["[CLS]", "[SEP]", added(3, "[MASK]", lstrip=True)],
        {"type": "Sequence", "normalizers": [
            {"type": "Replace", "pattern": {"String": "``"}, "content": "\""}, {"type": "Replace", "pattern": {"String": "''"}, "content": "\""},
            {"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]},
        {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace]}, lambda v: template(v, ["[CLS]"], ["[SEP]"]), metaspace)


def fallback_pairs():
    specials = ["<unk>", "<s>", "</s>"]
    metaspace = pre_tokenizers.Metaspace(prepend_scheme="always")
    learned = merges(420, specials, pre_tokenizer=metaspace, unk_token="<unk>", fuse_unk=True, texts=LINES[:16])
    to_spaces = {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}
    write(
        "llama", with_bytes(learned, 3) | {"merges": [" ".join(pair) for pair in learned["merges"]]}, specials,
        {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
        None, lambda v: template(v, ["<s>"], []),
        {"type": "Sequence", "decoders": [to_spaces, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]})
    # Bytes from 0xC8 on are missing, so that some characters are unknown.
    first = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}
    write(
        "mistral", with_bytes(learned, 3, 0xC8) | {"fuse_unk": False}, specials, None, first, lambda v: template(v, ["<s>"], ["</s>"]),
        {"type": "Sequence", "decoders": [to_spaces, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]})


def byte_pairs():
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    bytes_only = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    bart = byte_level(600, specials, pre_tokenizers.ByteLevel(add_prefix_space=False))
    write(
        "bart", bart, specials[:4] + [added(4, "<mask>", lstrip=True)], None, bytes_only,
        lambda v: {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": True, "add_prefix_space": False}, bytes_only)

    split = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(LLAMA3), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    specials = ["<|endoftext|>", "<|eot|>"]
    llama3 = byte_level(600, specials, split)
    plain = bytes_only | {"use_regex": False}
    write(
        "llama3", llama3 | {"ignore_merges": True, "merges": llama3["merges"][:-40]}, specials, None,
        {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": LLAMA3}, "behavior": "Isolated", "invert": False}, plain]},
        lambda v: {"type": "Sequence", "processors": [plain, template(v, ["<|endoftext|>"], [])]}, plain)


def affixed_pairs():
    specials = ["<|start|>", "<|end|>"]
    clip = byte_level(300, specials, pre_tokenizers.ByteLevel(add_prefix_space=False))
    ended = {token + "</w>": len(clip["vocab"]) + i for i, (token, _) in enumerate(list(clip["vocab"].items())[2:])}
    pairs = [["t", "h"], ["th", "e</w>"], ["i", "n</w>"], ["a", "n"], ["an", "d</w>"], ["Ã", "©</w>"]]
    made = {"".join(pair): len(clip["vocab"]) + len(ended) + i for i, pair in enumerate(pairs)}
    vocab = clip["vocab"] | ended | {token: id for token, id in made.items() if token not in clip["vocab"] and token not in ended}
    vocab = {token: id for id, token in enumerate(vocab)}
    bytes_only = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    write(
        "clip", clip | {"vocab": vocab, "merges": pairs, "unk_token": "<|end|>", "end_of_word_suffix": "</w>", "continuing_subword_prefix": ""}, specials,
        {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "}, {"type": "Lowercase"}]},
        {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": CLIP}, "behavior": "Removed", "invert": True}, bytes_only]},
        lambda v: {"type": "RobertaProcessing", "sep": ["<|end|>", 1], "cls": ["<|start|>", 0], "trim_offsets": False, "add_prefix_space": False}, bytes_only)

    continued = merges(
        420, ["<pad>", "<unk>"], pre_tokenizer=pre_tokenizers.Whitespace(), unk_token="<unk>", fuse_unk=True, continuing_subword_prefix="##", texts=LINES[:16])
    write(
        "continued", continued, ["<pad>", "<unk>"], {"type": "NFKD"}, {"type": "Whitespace"}, None,
        {"type": "WordPiece", "prefix": "##", "cleanup": True})


def parts():
    sequence = lambda key, *steps: {"type": "Sequence", key: list(steps)}
    replace = lambda pattern, content: {"type": "Replace", "pattern": pattern, "content": content}
    split = lambda pattern, behavior="Isolated", invert=False: {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}
    found = []

    def add(part, key, definition, apply):
        whole = {
            "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": None,
            "post_processor": None, "decoder": None, "model": {"type": "BPE", "vocab": {}, "merges": []}, key: definition}
        step = getattr(Tokenizer.from_str(json.dumps(whole).replace("charsmap.png", base64.b64encode(charsmap).decode())), key)
        found.append({"part": part, "definition": definition, "results": [apply(step, text) for text in TRICKY]})

    def normal(step, text):
        result = step.normalize_str(text)
        return None if result == text else result

    def pieces(step, text):
        result = [piece for piece, _ in step.pre_tokenize_str(text)]
        return None if result == [text] else result

    def decoded(step, text):
        tokens = [token for token in text.split(" ") if token]
        result = step.decode(tokens)
        return None if result == "".join(tokens) else result

    for type in ("NFC", "NFD", "NFKC", "NFKD", "Nmt", "StripAccents"):
        add("normalizer", "normalizer", {"type": type}, normal)
    for definition in [
        {"type": "Precompiled", "precompiled_charsmap": "charsmap.png"}, {"type": "Strip", "strip_left": True, "strip_right": False},
        {"type": "Strip", "strip_left": False, "strip_right": True}, {"type": "Strip", "strip_left": True, "strip_right": True},
        {"type": "Prepend", "prepend": "▁x"}, replace({"Regex": " {2,}"}, "▁"), replace({"Regex": r"\s+$"}, ""), replace({"Regex": "^"}, "> "),
        replace({"String": ""}, "-"), replace({"Regex": "b*"}, "-"), replace({"Regex": r"[\n\r\t]"}, "\\"), replace({"String": "a.b"}, "$0"),
        replace({"Regex": r"[^\p{L}\p{N}\p{P}\s]"}, "?"), replace({"Regex": r"\x{301}|\u0323"}, "´"),
    ]:
        add("normalizer", "normalizer", definition, normal)
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    for definition in [
        {"type": "Whitespace"}, {"type": "WhitespaceSplit"}, {"type": "Punctuation", "behavior": "Contiguous"},
        {"type": "Punctuation", "behavior": "MergedWithNext"}, {"type": "Punctuation", "behavior": "Removed"},
        {"type": "Digits", "individual_digits": False}, {"type": "Digits", "individual_digits": True}, {"type": "CharDelimiterSplit", "delimiter": "b"},
        metaspace, metaspace | {"prepend_scheme": "never"}, metaspace | {"prepend_scheme": "first"},
        sequence("pretokenizers", {"type": "WhitespaceSplit"}, metaspace | {"prepend_scheme": "first"}),
        sequence("pretokenizers", {"type": "Digits", "individual_digits": True}, {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": False}),
        split({"Regex": GPT2}), split({"Regex": LLAMA3}), split({"Regex": GPT4O}), split({"Regex": CLIP}, "Removed", True), split({"Regex": BLOOM}),
        split({"String": " "}, "MergedWithPrevious"), split({"String": "."}, "MergedWithNext"), split({"String": "a"}, "Contiguous"),
        split({"Regex": r"\d{2,3}|[a-c]+"}, "MergedWithPrevious", True), split({"Regex": r"[\r\n]"}), split({"Regex": r"\s?[!-/:-~！-／：-～‘-‟　-。]+"}),
        split({"Regex": r"\s+$"}), split({"Regex": r"(?=[A-Z])"}), split({"Regex": r"(?:ab|a|(?:cd){1,2})+(?!b)"}), split({"Regex": r"\w+|\W"}),
        split({"Regex": r"[^\r\n\p{L}\p{N}]?+\p{L}++|.$"}), split({"Regex": r"(?i:[a-d]x?|s|k)|\P{L}"}),
    ]:
        add("pre_tokenizer", "pre_tokenizer", definition, pieces)
    for definition in [
        metaspace, metaspace | {"prepend_scheme": "never"}, {"type": "ByteFallback"}, {"type": "Strip", "content": "a", "start": 2, "stop": 0},
        {"type": "Strip", "content": "b", "start": 0, "stop": 1}, replace({"Regex": "[ab]+"}, "-"), {"type": "BPEDecoder", "suffix": "b"},
        {"type": "WordPiece", "prefix": "a", "cleanup": False},
        sequence("decoders", replace({"String": "▁"}, " "), {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}),
    ]:
        add("decoder", "decoder", definition, decoded)
    dump("parts.json", found)


def scalars():
    all = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    makers = {
        "NFC": normalizers.NFC(), "NFD": normalizers.NFD(), "NFKC": normalizers.NFKC(), "NFKD": normalizers.NFKD(), "Nmt": normalizers.Nmt(), "StripAccents": normalizers.StripAccents(),
        "Precompiled": normalizers.Precompiled(charsmap)}
    dump("scalars.json", {
        name: hashlib.sha256(b"".join(maker.normalize_str(text).encode() + b"\0" for text in all)).hexdigest() for name, maker in makers.items()})


if __name__ == "__main__":
    _, charsmap = sentencepiece_model(300)
    os.makedirs(os.path.join(here, "pipelines"), exist_ok=True)
    dump("texts.json", TEXTS)
    write_charsmap()
    unigrams()
    fallback_pairs()
    byte_pairs()
    affixed_pairs()
    parts()
    scalars()
