// One attention problem, shared by the forward and backward tasks.
#ifndef ATTENTION_H
#define ATTENTION_H

#include "kernels.h"
#include <cblas.h>

// Fixed tile sizes: a (batch, head) problem gives the same bits whatever else is in the batch.
enum { LL_QUERY_ROWS = 64, LL_KEY_ROWS = 512 };

typedef struct {
    int64_t batch, heads, n, m, width, blocks;   // blocks of LL_QUERY_ROWS query rows
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

/// C = alpha A op(B) + beta C for tiles; `ta`, `tb` transpose.
static inline void ll_tile_product(bool ta, bool tb, int64_t m, int64_t n, int64_t k, float alpha, const float *a, int64_t lda,
                                   const float *b, int64_t ldb, float beta, float *c, int64_t ldc) {
    cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k, alpha,
                a, (int)ll_max(lda, ta ? m : k), b, (int)ll_max(ldb, tb ? k : n), beta, c, (int)ll_max(ldc, n));
}

#endif
