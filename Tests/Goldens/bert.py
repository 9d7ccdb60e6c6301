"""bert.safetensors: transformers' BertModel, small, in float64: 2 layers, width 32, 4 heads, feed-forward 64, vocabulary 60.

    every parameter of BertModel by its own name (no `bert.` prefix; max 16 positions, 2 token types, exact GELU, eps 1e-12)
    ids [3,9]  mask [3,9] (1 keep; the tail of rows 1 and 2 is padding, id 0)  token types are all 0
    hidden [3,9,32]  the last hidden states (of padded positions too)
    pooled [3,32]    tanh(pooler.dense(hidden[:, 0]))
    layer.{0,1,2}    [3,9,32] the embeddings and the output of each layer
"""

import torch
import transformers
from transformers import BertConfig, BertModel

from golden import save

torch.manual_seed(8)
config = BertConfig(vocab_size=60, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
                    max_position_embeddings=16, attn_implementation="eager")
model = BertModel(config).eval()
for name, value in model.named_parameters():
    noise = torch.randn_like(value)
    value.data = value.data + 0.2 * noise if "LayerNorm" in name else 0.2 * noise
weights = {k: v.clone() for k, v in model.state_dict().items() if "position_ids" not in k}
ids, mask = torch.randint(1, 60, (3, 9)), torch.ones(3, 9, dtype=torch.long)
for row, length in ((1, 5), (2, 1)):
    ids[row, length:], mask[row, length:] = 0, 0
with torch.no_grad():
    out = model.double()(input_ids=ids, attention_mask=mask, output_hidden_states=True)
layers = {f"layer.{i}": h for i, h in enumerate(out.hidden_states)}
save("bert", weights | dict(ids=ids, mask=mask, hidden=out.last_hidden_state, pooled=out.pooler_output) | layers,
     transformers=transformers.__version__)
