// Scaled dot-product attention without the [n, m] matrix (Dao et al. 2022): tiles of 48 queries by 512 keys.
#include "attention.h"

#define LL_BODY "attention_body.h"
#include "instantiate.h"

void ll_attention(int64_t batch, int64_t heads, int64_t n, int64_t m, int64_t width, float scale, bool causal, int dtype,
                  const void *q, ll_strides qs, const void *k, ll_strides ks, const void *v, ll_strides vs,
                  const float *mask, void *out, ll_strides os, float *lse) {
    attention_call c = {.batch = batch, .heads = heads, .n = n, .m = m, .width = width, .blocks = ll_pieces(n, LL_TASK_ROWS),
                        .scale = scale, .causal = causal, .dtype = dtype, .q = q, .k = k, .v = v, .qs = qs, .ks = ks, .vs = vs,
                        .os = os, .mask = mask, .y = out, .lse = lse};
    ll_run(batch * heads * n * m * width / 16, batch * heads * c.blocks, LL_PICK(attend), &c);
}

void ll_attention_backward(int64_t batch, int64_t heads, int64_t n, int64_t m, int64_t width, float scale, bool causal, int dtype,
                           const void *q, ll_strides qs, const void *k, ll_strides ks, const void *v, ll_strides vs,
                           const float *mask, const void *out, ll_strides os, const float *lse, const void *gout, ll_strides gos,
                           void *gq, ll_strides gqs, void *gk, ll_strides gks, void *gv, ll_strides gvs) {
    attention_call c = {.batch = batch, .heads = heads, .n = n, .m = m, .width = width, .scale = scale, .causal = causal,
                        .dtype = dtype, .q = q, .k = k, .v = v, .out = out, .gout = gout, .qs = qs, .ks = ks, .vs = vs, .os = os,
                        .gos = gos, .gqs = gqs, .gks = gks, .gvs = gvs, .mask = mask, .lse = (float *)lse,
                        .gq = gq, .gk = gk, .gv = gv};
    ll_run(batch * heads * n * m * width / 8, batch * heads, LL_PICK(attend_backward), &c);
}
