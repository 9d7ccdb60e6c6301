"""bart, t5 and t5_gated: transformers' encoder-decoder language models, small, in float64, and what they generate.

    every parameter by its own name, stored once (shared embeddings as `model.shared.weight`, `shared.weight`)
    ids [3,S]  mask [3,S] (1 keep; tails of rows 1 and 2 are padding)  targets [3,7] (-1 where nothing is asked)
    states [3,S,16]    the encoder's last hidden states (of padded positions too)
    inputs [3,7]       what the decoder is given: the targets shifted right
    logits [3,7,40]    the decoder's answers under teacher forcing
    loss []            the sum of cross-entropies; gradient.<name> its gradients
    scaled [3,S,16]    (bart) the encoder's states with scale_embedding
    <case>.tokens [3 n, L]    generated without the start, ended by the first EOS, then -1; n sequences for each source
    <case>.scores [3 n]       greedy: the sum of log chances after the processors; beams: transformers' sequences_scores

The cases are CASES below, which `DecodingTests.swift` has in Swift. `buckets.*` of t5: [601], relative positions -300...300.
decoding: logits processors alone, on scores [4,12] after history [4,7]; -1e30 stands for minus infinity.
"""

import torch
import transformers
from transformers import BartConfig, BartForConditionalGeneration, T5Config, T5ForConditionalGeneration
from transformers import LogitsProcessorList
from transformers.generation import logits_process as processors
from transformers.models.t5.modeling_t5 import T5Attention

from golden import save

LENGTH = 12  # new tokens at most

CASES = {
    "greedy": {},
    "greedy.penalised": dict(repetition_penalty=1.4),
    "greedy.ngrams": dict(no_repeat_ngram_size=2),
    "greedy.forced": dict(min_new_tokens=5, forced_bos_token_id=7, forced_eos_token_id="eos"),
    "greedy.suppressed": dict(suppress_tokens=[8, 9], begin_suppress_tokens=[10, 11], bad_words_ids=[[12], [13, 14]]),
    "beam.plain": dict(num_beams=4, early_stopping=False, length_penalty=1.0),
    "beam.full": dict(num_beams=4, early_stopping=True, length_penalty=2.0, num_return_sequences=4),
    "beam.never": dict(num_beams=3, early_stopping="never", length_penalty=0.6, num_return_sequences=2),
    "beam.short": dict(num_beams=3, early_stopping="never", length_penalty=-1.0),
    "beam.canonical": dict(num_beams=5, early_stopping="never", length_penalty=0.0, num_return_sequences=5),
    "beam.endless": dict(num_beams=4, early_stopping=False, length_penalty=1.0, suppress_tokens="eos", num_return_sequences=2),
    "beam.constrained": dict(num_beams=4, early_stopping=True, length_penalty=2.0, no_repeat_ngram_size=3, repetition_penalty=1.2,
                             min_new_tokens=4, forced_bos_token_id=3, forced_eos_token_id="eos", num_return_sequences=3),
}


def cut(row, eos):
    """Up to the first EOS, which counts."""
    row = row.tolist()
    return row[:row.index(eos) + 1] if eos in row else row


def generated(model, ids, mask, start, eos, pad):
    out = {}
    for name, how in CASES.items():
        how = {k: ([eos] if k == "suppress_tokens" else eos) if v == "eos" else v for k, v in how.items()}
        model.generation_config = transformers.GenerationConfig(
            decoder_start_token_id=start, eos_token_id=eos, pad_token_id=pad, bos_token_id=None, max_new_tokens=LENGTH,
            do_sample=False, **how)
        with torch.no_grad():
            answer = model.generate(input_ids=ids, attention_mask=mask, return_dict_in_generate=True, output_scores=True)
        rows = [cut(row[1:], eos) for row in answer.sequences]
        if "num_beams" in how:
            scores = answer.sequences_scores
        else:
            chances = [s.double().log_softmax(-1) for s in answer.scores]
            scores = torch.tensor([sum(chances[i][r, t] for i, t in enumerate(row)) for r, row in enumerate(rows)])
        print(f"  {name}: {[len(r) for r in rows]} {[round(float(s), 3) for s in scores]}")
        out[f"{name}.tokens"] = torch.tensor([r + [-1] * (LENGTH - len(r)) for r in rows])
        out[f"{name}.scores"] = scores
    return out


def source(length, lengths, pad):
    ids, mask = torch.randint(3, 40, (3, length)), torch.ones(3, length, dtype=torch.long)
    for row, n in lengths:
        ids[row, n:], mask[row, n:] = pad, 0
    return ids, mask


def forward(model, ids, mask, start, eos, pad):
    """States, logits, loss and every gradient; weights as they are stored."""
    weights = {k: v.clone().float() for k, v in model.named_parameters()}
    targets = torch.randint(3, 40, (3, 7))
    targets[:, -1] = eos
    targets[1, 4], targets[1, 5:], targets[2, 2], targets[2, 3:] = eos, -1, eos, -1
    inputs = torch.cat([torch.full((3, 1), start), targets[:, :-1].masked_fill(targets[:, :-1] < 0, pad)], 1)
    model.double()
    states = model.get_encoder()(input_ids=ids, attention_mask=mask).last_hidden_state
    logits = model(input_ids=ids, attention_mask=mask, decoder_input_ids=inputs).logits
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-1, reduction="sum")
    loss.backward()
    gradients = {f"gradient.{k}": v.grad for k, v in model.named_parameters()}
    return weights | gradients | dict(ids=ids, mask=mask, targets=targets, inputs=inputs, states=states, logits=logits, loss=loss)


def bart():
    torch.manual_seed(21)
    config = BartConfig(vocab_size=40, d_model=16, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2,
                        decoder_attention_heads=4, encoder_ffn_dim=24, decoder_ffn_dim=20, max_position_embeddings=24,
                        pad_token_id=1, bos_token_id=0, eos_token_id=2, decoder_start_token_id=2, forced_eos_token_id=None,
                        attn_implementation="eager")
    model = BartForConditionalGeneration(config).eval()
    for name, value in model.named_parameters():
        noise = torch.randn_like(value)
        value.data = value.data + 0.2 * noise if "norm" in name else (0.45 if "shared" in name else 0.4) * noise
    bias = 0.3 * torch.randn(1, 40)
    bias[0, 2] = 5.5
    model.final_logits_bias.copy_(bias)
    ids, mask = source(9, ((1, 5), (2, 2)), 1)
    tensors = forward(model, ids, mask, 2, 2, 1) | dict(final_logits_bias=bias)
    tensors |= generated(model, ids, mask, 2, 2, 1)
    config.scale_embedding = True
    scaled = BartForConditionalGeneration(config).eval().double()
    scaled.load_state_dict(model.state_dict())
    with torch.no_grad():
        tensors["scaled"] = scaled.get_encoder()(input_ids=ids, attention_mask=mask).last_hidden_state
    save("bart", tensors, transformers=transformers.__version__)


def t5(name, seed, lift, **kind):
    torch.manual_seed(seed)
    config = T5Config(vocab_size=40, d_model=16, d_kv=6, d_ff=20, num_layers=2, num_decoder_layers=2, num_heads=3,
                      relative_attention_num_buckets=8, relative_attention_max_distance=12, pad_token_id=0, eos_token_id=1,
                      decoder_start_token_id=0, attn_implementation="eager", **kind)
    model = T5ForConditionalGeneration(config).eval()
    tied = kind.get("tie_word_embeddings", True)
    if not tied:
        model.lm_head.weight = torch.nn.Parameter(torch.empty(40, 16))
    for key, value in model.named_parameters():
        noise = torch.randn_like(value)
        wide = {"shared.weight": 1.2, "lm_head.weight": 0.5}.get(key, 0.6 if "bias" in key else 0.3)
        value.data = value.data + 0.2 * noise if "norm" in key else wide * noise
    with torch.no_grad():  # so that sentences end at different lengths
        said = model(input_ids=torch.randint(3, 40, (8, 9)), decoder_input_ids=torch.randint(3, 40, (8, 9)), output_hidden_states=True)
        usual = said.decoder_hidden_states[-1].mean((0, 1))
        model.lm_head.weight[1] = lift * usual / usual.norm()
    ids, mask = source(14, ((1, 6), (2, 3)), 0)
    tensors = forward(model, ids, mask, 0, 1, 0) | generated(model, ids, mask, 0, 1, 0)
    if tied:
        positions = torch.arange(-300, 301)
        for both, buckets, distance in ((True, 32, 128), (False, 32, 128), (True, 8, 12), (False, 8, 12), (False, 10, 64)):
            tensors[f"buckets.{int(both)}.{buckets}.{distance}"] = T5Attention._relative_position_bucket(
                positions, both, buckets, distance)
    save(name, tensors, transformers=transformers.__version__)


def alone():
    torch.manual_seed(5)
    scores, history = 2 * torch.randn(4, 12), torch.randint(0, 4, (4, 7))
    history[0] = torch.tensor([0, 5, 6, 5, 6, 1, 5])
    cases = dict(
        repetition=processors.RepetitionPenaltyLogitsProcessor(1.7),
        bigrams=processors.NoRepeatNGramLogitsProcessor(2),
        trigrams=processors.NoRepeatNGramLogitsProcessor(3),
        unigrams=processors.NoRepeatNGramLogitsProcessor(1),
        minimum=processors.MinNewTokensLengthLogitsProcessor(1, 7, [2]),
        reached=processors.MinNewTokensLengthLogitsProcessor(1, 6, [2]),
        ending=processors.ForcedEOSTokenLogitsProcessor(8, 2),
        beginning=processors.SuppressTokensAtBeginLogitsProcessor([3, 4], 7),
        suppressed=processors.SuppressTokensLogitsProcessor([3, 4]),
        bad=processors.NoBadWordsLogitsProcessor([[11], [5, 7], [1, 5, 8], [6, 5, 9]], [2]),
        temperature=processors.TemperatureLogitsWarper(0.7),
        topk=processors.TopKLogitsWarper(4),
        nucleus=processors.TopPLogitsWarper(0.8),
        narrow=processors.TopPLogitsWarper(0.05),
        all=LogitsProcessorList([processors.RepetitionPenaltyLogitsProcessor(1.3), processors.TemperatureLogitsWarper(1.5),
                                 processors.TopKLogitsWarper(8), processors.TopPLogitsWarper(0.9)]),
    )
    out = {name: process(history, scores.clone()).clamp(min=-1e30) for name, process in cases.items()}
    save("decoding", dict(scores=scores, history=history) | out, transformers=transformers.__version__)


bart()
t5("t5", 22, 4.5)
t5("t5_gated", 23, 1.5, feed_forward_proj="gated-gelu", tie_word_embeddings=False)
alone()
