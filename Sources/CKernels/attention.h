// One attention problem, shared by the forward and backward tasks.
#ifndef ATTENTION_H
#define ATTENTION_H

#include "kernels.h"

// Fixed sizes: a (batch, head) problem gives the same bits whatever else is in the batch. A multiple of six query rows fills the
// registers; a task's rows share the work of turning the keys.
enum { LL_QUERY_ROWS = 48, LL_TASK_ROWS = 288, LL_KEY_ROWS = 512 };
// Tiles of bf16 by dot products of pairs: query rows forward; query rows and keys backward, multiples of 16. What a tile holds fits
// the second cache, mostly the first.
enum { LL_PAIR_QUERIES = 48, LL_PAIR_ROWS = 64, LL_PAIR_KEYS = 128 };

typedef struct {
    int64_t batch, heads, n, m, width, blocks;   // of LL_TASK_ROWS queries
    float scale;
    bool causal;
    int dtype;
    const void *q, *k, *v, *out, *gout;
    ll_strides qs, ks, vs, os, gos, gqs, gks, gvs;
    const float *mask;
    void *y;   // forward: out
    float *lse;
    void *gq, *gk, *gv;
} attention_call;

/// Keys that query row i may look at: the last query sees every key, each earlier one a key less.
static inline int64_t ll_visible(const attention_call *c, int64_t i) {
    return c->causal ? ll_max(0, ll_min(c->m, i + c->m - c->n + 1)) : c->m;
}
static inline int64_t ll_start(ll_strides s, int64_t batch, int64_t head, int64_t position) {
    return batch * s.batch + head * s.head + position * s.position;
}

#endif
