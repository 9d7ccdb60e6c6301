"""text_metrics.json: texts, and what the programs that published numbers come from say of them.

    pip install sacrebleu==2.6.0 rouge-score==0.1.2 nltk==3.10.4 pycocoevalcap==1.2 mauve-text==0.4.0 jiwer==4.0.0

segments    [[hypothesis, [references]]]
tokens      per tokenizer of sacrebleu: every text of `hard` and every hypothesis, tokens joined by single spaces
hard, lower texts for tokenizers, and Python's lower() of them
bleu, chrf  [{options, references: "one" (the first of each) or "all", signature, corpus, sentences}]; BLEU's sentences: scores alone
rouge       {"stemming.<kind>": [precision, recall, F of every segment's first reference, and F beside all of them]}
stems       [[word, stem]] by NLTK's PorterStemmer in its default mode
cider       {values, mean} of the segments as they stand, tokens between white space
self_bleu   {"pairs", "rest"} of `samples` by sacrebleu's sentence scores with effective order
edits       {"words", "characters"}: edits for every segment beside its first reference, then both rates, by jiwer
mauve       [{real, samples: counts per cluster; mauve, integral, mauve_smoothed, integral_smoothed, curve}]

repetition  from the formulas, with Python's Counter, of the hypotheses' words: distinct-n, rep-n, diversity, the share of 4-grams
            copied from all references, entropies
"""

import json
import math
import random
import sys
from collections import Counter
from pathlib import Path

import jiwer
import mauve
import numpy as np
from nltk.stem.porter import PorterStemmer
from pycocoevalcap.cider.cider import Cider
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import BLEU, CHRF

SEGMENTS = [
    ("The cat sat on the mat.", ["The cat sat on the mat.", "There is a cat on the mat."]),
    ("the the the the the the the", ["The cat is on the mat.", "There is a cat on the mat."]),
    ("A dog runs across the green field", ["A brown dog is running across a green field.", "The dog runs over the field", "dog in grass"]),
    ("", ["An empty hypothesis has no words."]),
    ("An empty reference has none.", [""]),
    ("Yes", ["Yes"]),
    ("No.", ["No", "no.", "Nope!"]),
    ("two words", ["two words here", "words two"]),
    ("three words only", ["three words only."]),
    ("It costs $1,234.56 - about 3.5% more than 2023-2024's price.", ["It costs $1,234.56, i.e. 3.5 % more than in 2023-2024.", "It cost 1234.56 dollars"]),
    ("He said: &quot;Tom &amp; Jerry &lt;3&gt;&quot; &amp;lt;", ["He said: \"Tom & Jerry <3>\"", "He said &quot;Tom and Jerry&quot;"]),
    ("<skipped>The rest of the sen-\ntence\nis on a new line. ", ["The rest of the sentence is on a new line.", "The rest\nof it is on a line"]),
    ("Der schnelle braune Fuchs springt über den faulen Hund.", ["Der flinke braune Fuchs springt über den trägen Hund.", "Ein Fuchs springt über einen Hund"]),
    ("Straße, Größe und Übermut: »Zitat« – „noch eins“ …", ["STRASSE, Größe und Übermut: „Zitat“ – »noch eins« ..."]),
    ("L'été à la façon d'Œuvre, où l'on s'amuse !", ["L’été à la façon d’œuvre où l’on s’amuse !", "l'été, à la façon"]),
    ("¿Dónde está la biblioteca? ¡Allí!", ["¿Dónde queda la biblioteca? ¡Allá!", "dónde está la biblioteca"]),
    ("Ο ΣΊΣΥΦΟΣ ΚΑΙ Ο ΟΔΥΣΣΕΎΣ.", ["Ο Σίσυφος και ο Οδυσσεύς."]),
    ("Съешь же ещё этих мягких французских булок, да выпей чаю.", ["Съешь ещё этих мягких французских булок да выпей же чаю!", "выпей чаю"]),
    ("Zażółć gęślą jaźń 10,5 zł", ["Zażółć gęślą jaźń – 10,50 zł."]),
    ("İstanbul'da ILIK bir gün", ["istanbul'da ılık bir gün", "i̇stanbul"]),
    ("我喜欢吃苹果,因为苹果很甜。", ["我喜欢吃苹果，因为它们很甜。", "我爱吃苹果"]),
    ("今日は天気がいいですね。", ["今日はいい天気ですね。", "天気がいい"]),
    ("한국어 문장입니다 .", ["이것은 한국어 문장입니다.", "한국어 문장"]),
    ("مرحبا بالعالم، كيف الحال؟", ["مرحبا أيها العالم، كيف حالك؟"]),
    ("नमस्ते दुनिया। १२३ आम", ["नमस्ते, दुनिया! 123 आम", "नमस्ते दुनिया"]),
    ("สวัสดีชาวโลก", ["สวัสดีโลก"]),
    ("Party 🎉🎉 tonight 👩‍👩‍👧 at 9️⃣ pm 😀!", ["Party 🎉 tonight 👩‍👩‍👧 at 9 pm 😀 !", "party tonight"]),
    ("café cafe\u0301 naïve", ["cafe\u0301 café naïve", "café café naive"]),
    ("a\u00a0b\u2009c\u3000d e\x1cf\x85g", ["a b c d e f g", "a\u00a0b c"]),
    ("Mr. Smith's co-op (founded 1999) isn't U.S.-based; it's in St. Ives, e.g. \"here\".", ["Mr Smith's coop, founded in 1999, isn't based in the U.S.; it is in St. Ives.", "The co-op isn't here"]),
    ("C++ and C# and f(x) = x^2 + {y_1} ~ [z]", ["C++, C# and f(x)=x^2+{y_1}~[z]", "C and f"]),
    ("http://example.org/path?q=1&r=2#frag user@example.org", ["https://example.org/path?q=1&amp;r=2 user at example.org"]),
    ("½ of Ⅷ is ④, not x² ± 3° or 5€ / ₿1", ["½ of Ⅷ is ④ , not x²±3° or €5/₿1", "half of eight is four"]),
    ("1.2.3,4 5-6 7- 8 -9 10.", ["1.2.3 , 4 5 - 6 7-8-9 10 .", "1.2.3"]),
    ("... --- ,,, !!!", ["…", "..., ---"]),
    ("WE ARE SHOUTING AT YOU", ["we are shouting at you", "We are shouting"]),
    ("the big red ball and the small blue ball", ["the small blue ball and the big red ball", "the balls are red and blue"]),
    ("one two three four five six seven eight nine ten", ["one two three four five six seven eight nine ten"]),
    ("ten nine eight seven six five four three two one", ["one two three four five six seven eight nine ten", "ten eight six four two"]),
    ("a man is riding a horse on the beach near the water", ["a man rides a horse along the beach", "a person riding a horse on the sand near water", "man on a horse"]),
    ("a man is riding a bike", ["a man is riding a bike down the street", "a cyclist rides in the street"]),
    ("two dogs are playing with a ball in the grass", ["two dogs play with a ball on the grass", "dogs playing in the grass with a red ball"]),
    ("The first line was good.\nThe second line was running quickly.\nA third one", ["The second line runs quickly.\nThe first line is good.\n\nThe last", "A third one\nThe first line was good."]),
    ("police killed the gunman\nthe gunman was shot", ["the gunman was shot dead by the police\npolice ended it", "the gunman police killed"]),
    ("generalizations of relational databases were happily conflated and troubling", ["a generalization of the relational database is conflated happily, which troubles", "relational"]),
    ("She enjoys flying, dying, lying and tying; skies are sky-blue.", ["He enjoyed flights, died, lied and tied: the sky is blue", "skies"]),
    ("word " * 12, ["word " * 9, "word word"]),
    ("x", ["y"]),
    ("(hi) 'quoted' \"so\" [it] {is} <b>bold</b> !", ["( hi ) ' quoted ' \" so \" [ it ] { is } bold", "hi"]),
    ("trailing spaces   ", ["  leading spaces", "trailing spaces"]),
    ("the quick brown fox jumps over the lazy dog while the cat sleeps on the warm windowsill in the sun", ["the quick brown fox jumped over a lazy dog while a cat was sleeping on the windowsill", "a fox jumps"]),
    ("short", ["this reference is very much longer than the short hypothesis beside it"]),
    ("this hypothesis is very much longer than the short reference beside it", ["short"]),
]
HARD = [
    "", " ", ".", ",", "-", "1-", "-1", "1.", ".1", "1,", "a.b", "a..b", "a.,b", "1..2", "1.,2", "3.a", "a.3", "é.é", "1.é", "٣.٤", "²-³",
    "&quot;&amp;quot;&amp;amp;lt;", "&lt;skipped&gt;<skipped>", "<skip<skipped>ped>", "a-\n\nb-\nc", "end-\n", "\n\n", "~`!@#$%^&*()_+={}|[]\\:\";'<>?,./-",
    "U.S.A. vs. E.U., v1.2.3-rc4", "’s “x” ‘y’ «z» ‹w› 「括弧」『二重』、。！？・…—–‐‑", "١٢٣٫٤٥ ١,٢٣", "५.६, ७। ८", "３．１４，２", "5‰ 6°C 7′ 8″ №9 §10 ¶",
    "a·b ‧c· 1·2", "x+y−z×w÷v≤u≠t", "€1£2¥3₽4₿5", "^_^ ¯\\_(ツ)_/¯ ʘ‿ʘ", "👍🏽 🇩🇪 ❤️ ⚡a⚡1", "e\u0301́. a\u0308,b", "zero\u200bwidth\ufeff.\u00adsoft",
    "ΑΣ ΑΣΑ Σ ΣΑ ΑΣ. Α.Σ.Α ΑΣ\u0301 ΑΣ\u0301Α ΆΣ'Α", "İI ıi ẞß ŒÆ ǅ ﬁ Ⅷ Ω K Å", "ᏸᎠ Ⴀა Აა 𐐀 𞤀", "tab\tvt\x0bff\x0cfs\x1cus\x1fnel\x85ls\u2028x",
    "ab1.2cd, ef3,g 4-5 6 -7- 8--9", "\"Quoted,\" he said.", "don't can't o'clock 'tis rock'n'roll", "100%.", "(a)(b)[c]{d}",
]
SAMPLES = [
    "the cat sat on the mat", "the cat sat on the mat today", "a dog sat on the mat", "the cat ran to the house", "a cat and a dog and a cat",
    "completely different words here", "the cat sat on the mat", "one", "", "the dog ran to the cat on the mat near the house", "The Cat sat!",
]
WORDS = """caresses ponies ties caress cats flies dies died spied feed agreed plastered bled motoring sing conflated troubled sized hopping tanned
falling hissing fizzed failing filing happy sky enjoy spy by say cry relational conditional rational valenci hesitanci digitizer conformabli radicalli
differentli vileli analogousli vietnamization predication operator feudalism decisiveness hopefulness callousness formaliti sensitiviti sensibiliti
triplicate formative formalize electriciti electrical hopeful goodness revival allowance inference airliner gyroscopic adjustable defensible irritant
replacement adjustment dependent adoption homologou communism activate angulariti homologous effective bowdlerize probate rate cease controll roll
skies dying lying tying news innings inning outings outing cannings canning howe proceed exceed succeed geology archaeology theology philology
hopefully wonderfully usually totally finally equally carefully dally rally ally generalizations oscillators running runner runs ran aging ageing
owing using being seeing freeing freed indeed proceed's proceeding yyyy syzygy yes toy boys says yesterday employ employs x ab abs abed bed ed ing
aed eed need needed seed speed succeeded bless blesses blessing buses bus gas gases this his was as is us sss ssses ies iesy tied cried denied
able table tables possible possibly probability abilities ability sensibility humbly nobly singly bubbly ubli abli nation national nationally
nationalism nationalize rationalization internationalization organization organizer organizational ion lion onion million vision fusion suction
element elements cement agreement government moment comment event ament ement ment ent pent 1990s 2nds 3ing a1ed skating skate skated late lated
opened opener mapped mapping fitted fitting bigger controller enrolled telling tell fell fill filled filler grass grasses fuss fuzz fuzzed buzzing
apple apples little settle settled triangle knightly quickly slowly only early family families baby babies studying study studies studied student
argue argued arguing argument arguments university universities universal universe organ organic organize easily easy easier easiest skiing ski
Running HOPPING Sky hyphen étés naïvely""".split()


def tidy(value):
    """Numbers to 12 digits."""
    if isinstance(value, dict):
        return {k: tidy(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [tidy(v) for v in value]
    return float(f"{value:.12g}") if isinstance(value, float) else value


hypotheses = [h for h, _ in SEGMENTS]
chosen = {"one": [r[:1] for _, r in SEGMENTS], "all": [r for _, r in SEGMENTS]}


def streams(references):
    """sacrebleu's order: the first reference of every segment, the second, ...; None where there is none."""
    return [[r[i] if i < len(r) else None for r in references] for i in range(max(map(len, references)))]


def scores(make, keys, cases, record, sentence):
    out = []
    for case in cases:
        options = dict(zip(keys, case[:-1]))
        metric = make(**options)
        metric._force = True
        references = chosen[case[-1]]
        corpus = record(metric.corpus_score(hypotheses, streams(references)))
        signature = str(metric.get_signature())
        sentences = [sentence(metric.sentence_score(h, r)) for h, r in zip(hypotheses, references)]
        out.append({"options": options, "references": case[-1], "signature": signature, "corpus": corpus, "sentences": sentences})
    return out


def bleu():
    keys = ["tokenize", "smooth_method", "smooth_value", "lowercase", "effective_order", "max_ngram_order"]
    cases = [
        ("13a", "exp", None, False, False, 4, "one"), ("13a", "exp", None, False, True, 4, "all"), ("13a", "floor", None, False, True, 4, "one"),
        ("13a", "floor", 0.35, True, False, 4, "all"), ("13a", "add-k", None, False, True, 4, "one"), ("13a", "add-k", 0.3, False, False, 4, "all"),
        ("13a", "none", None, False, False, 4, "one"), ("13a", "none", None, True, True, 4, "all"), ("intl", "exp", None, False, True, 4, "all"),
        ("intl", "add-k", 2, True, False, 4, "one"), ("char", "exp", None, False, True, 4, "one"), ("char", "floor", 1.115, True, False, 6, "all"),
        ("none", "exp", None, True, True, 4, "all"), ("none", "none", None, False, False, 2, "one"), ("13a", "exp", None, False, False, 1, "all"),
    ]

    def record(s):
        return {"score": s.score, "precisions": s.precisions, "bp": s.bp, "counts": s.counts, "totals": s.totals, "hyp": s.sys_len, "ref": s.ref_len}

    return scores(BLEU, keys, cases, record, lambda s: s.score)


def chrf():
    keys = ["char_order", "word_order", "beta", "lowercase", "whitespace", "eps_smoothing"]
    cases = [
        (6, 0, 2, False, False, False, "one"), (6, 2, 2, False, False, False, "all"), (6, 2, 2, True, True, False, "one"),
        (4, 1, 3, False, True, False, "all"), (6, 0, 2, False, False, True, "all"), (6, 2, 1, True, False, True, "one"),
    ]
    return scores(CHRF, keys, cases, lambda s: s.score, lambda s: s.score)


def tokens():
    texts = HARD + hypotheses
    out = {}
    for name in ["13a", "intl", "char", "none"]:
        metric = BLEU(tokenize=name)
        out[name] = [" ".join(metric._preprocess_segment(t).split()) for t in texts]
    return out


def rouge():
    kinds = ["rouge1", "rouge2", "rouge3", "rougeL", "rougeLsum"]
    out = {}
    for stemming in (False, True):
        scorer = RougeScorer(kinds, use_stemmer=stemming)
        for kind in kinds:
            rows = []
            for h, r in SEGMENTS:
                s = scorer.score(r[0], h)[kind]
                rows.append([s.precision, s.recall, s.fmeasure, scorer.score_multi(r, h)[kind].fmeasure])
            out[("stemmed." if stemming else "plain.") + kind] = rows
    return out


def cider():
    mean, values = Cider().compute_score({i: r for i, (_, r) in enumerate(SEGMENTS)}, {i: [h] for i, (h, _) in enumerate(SEGMENTS)})
    return {"mean": float(mean), "values": [float(v) for v in values]}


def self_bleu():
    metric = BLEU(effective_order=True)
    n = len(SAMPLES)
    pairs = [metric.sentence_score(SAMPLES[i], [SAMPLES[j]]).score for i in range(n) for j in range(i + 1, n)]
    rest = [metric.sentence_score(SAMPLES[i], SAMPLES[:i] + SAMPLES[i + 1:]).score for i in range(n)]
    return {"pairs": sum(pairs) / len(pairs), "rest": sum(rest) / n}


def edits():
    references = [r[0] for r in chosen["one"]]
    # jiwer parts words at spaces only.
    plain = lambda texts: [" ".join(t.split()) for t in texts]
    out = {}
    for name, process, h, r in [("words", jiwer.process_words, plain(hypotheses), plain(references)),
                                ("characters", jiwer.process_characters, hypotheses, references)]:
        each = []
        for x, y in zip(h, r):
            found = process([y], [x])
            each.append(found.substitutions + found.deletions + found.insertions)
        whole = process(r, h)
        out[name] = {"edits": each, "rate": whole.wer if name == "words" else whole.cer}
    return out


def repetition():
    texts = [h.split() for h in hypotheses]
    training = [r.split() for _, rs in SEGMENTS for r in rs]
    grams = lambda text, n: [tuple(text[i:i + n]) for i in range(len(text) - n + 1)]
    entropy = lambda words: -sum(c / len(words) * math.log(c / len(words)) for c in Counter(words).values())
    out = {"distinct": [], "within": []}
    for n in (1, 2, 3, 4):
        everything = [g for t in texts for g in grams(t, n)]
        out["distinct"].append(len(set(everything)) / len(everything))
        out["within"].append(1 - sum(len(set(grams(t, n))) for t in texts) / len(everything))
    out["diversity"] = math.prod(1 - r for r in out["within"][1:])
    seen = {g for t in training for g in grams(t, 4)}
    mine = [g for t in texts for g in grams(t, 4)]
    out["copied"] = sum(g in seen for g in mine) / len(mine)
    out["entropy"] = entropy([w for t in texts for w in t])
    out["mean_entropy"] = sum(entropy(t) for t in texts) / len(texts)
    return out


def mauve_cases():
    # None with points of the curve exactly above each other, whose order mauve-text leaves to chance.
    module = sys.modules["mauve.compute_mauve"]
    rng = np.random.default_rng(3)
    out = []

    def keep(found, counts):
        out.append({
            "real": counts[0], "samples": counts[1], "mauve": float(found.mauve), "integral": float(found.frontier_integral),
            "mauve_smoothed": float(found.mauve_star), "integral_smoothed": float(found.frontier_integral_star),
            "curve": found.divergence_curve,
        })

    # Through features and its own clusters, whose counts are read back.
    for n, m, shift in [(120, 90, 0.0), (80, 80, 0.7), (60, 100, 3.0)]:
        p, q = rng.normal(size=(n, 6)), rng.normal(size=(m, 6)) + shift * np.array([1, 0, 0, 0, 0, 0])
        found = mauve.compute_mauve(p_features=p.astype(np.float32), q_features=q.astype(np.float32), num_buckets=8)
        keep(found, [[round(float(h) * k) for h in hist] for hist, k in ((found.p_hist, n), (found.q_hist, m))])
    # From counts that are given.
    for counts in [([10, 0, 5, 3], [2, 4, 0, 9]), ([1, 0, 0], [0, 1, 1]), ([100, 1, 1, 1], [99, 2, 1, 1])]:
        p, q = (np.array(c, float) for c in counts)
        module.cluster_feats = lambda *a, **k: (p / p.sum(), q / q.sum(), (p + .5) / (p + .5).sum(), (q + .5) / (q + .5).sum())
        keep(mauve.compute_mauve(p_features=np.zeros((2, 2)), q_features=np.zeros((2, 2))), counts)
    return out


stemmer = PorterStemmer()
golden = {
    "segments": SEGMENTS, "hard": HARD, "lower": [t.lower() for t in HARD], "samples": SAMPLES, "tokens": tokens(), "bleu": bleu(),
    "chrf": chrf(), "rouge": rouge(), "stems": [[w, stemmer.stem(w)] for w in WORDS], "cider": cider(), "self_bleu": self_bleu(),
    "edits": edits(), "repetition": repetition(), "mauve": mauve_cases(),
}
path = Path(__file__).resolve().parent / "text_metrics.json"
path.write_text(json.dumps(tidy(golden), ensure_ascii=False, separators=(",", ":")) + "\n")
print(path.name, path.stat().st_size, "bytes")
assert path.stat().st_size < 100_000
