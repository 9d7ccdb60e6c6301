// Rows of a softmax: the largest element, the sum of exponentials, the result. Nothing of a row leaves the cache between.
#include "math_body.h"
#ifndef LL_SOFTMAX_NAMES
#define LL_SOFTMAX_NAMES
#define row_exp_sum K(row_exp_sum_)
#endif

INLINE float row_exp_sum(const void *x, int dtype, int64_t n, float max) {
    vf a = 0, b = 0;
    int64_t i = 0;
    for (; i + 32 <= n; i += 32) {
        a += vexp(get(x, dtype, i, n) - max);
        b += vexp(get(x, dtype, i + 16, n) - max);
    }
    for (; i < n; i += 16) a += keep_first(vexp(get(x, dtype, i, n) - max), n - i, 0);
    return hsum(a + b);
}

INLINE void K(softmax_rows)(const softmax_call *c, int dtype, int64_t first, int64_t last) {
    const int64_t n = c->columns;
    for (int64_t r = first; r < last; r++) {
        const void *x = ll_at(c->x, dtype, r * n);
        void *y = ll_at_mut(c->out, dtype, r * n);
        float max = row_max(x, dtype, n);
        if (c->logarithm) {
            float log_sum = logf(row_exp_sum(x, dtype, n, max));
            for (int64_t i = 0; i < n; i += 16) put(y, dtype, i, n, (get(x, dtype, i, n) - max) - log_sum);
        } else if (dtype == LL_F32) {   // y holds the exponentials until their sum is known
            vf sum = 0;
            for (int64_t i = 0; i < n; i += 16) {
                vf e = vexp(get(x, dtype, i, n) - max);
                put(y, dtype, i, n, e);
                sum += keep_first(e, n - i, 0);
            }
            float scale = 1.0f / hsum(sum);
            for (int64_t i = 0; i < n; i += 16) put(y, dtype, i, n, get(y, dtype, i, n) * scale);
        } else {
            float scale = 1.0f / row_exp_sum(x, dtype, n, max);
            for (int64_t i = 0; i < n; i += 16) put(y, dtype, i, n, vexp(get(x, dtype, i, n) - max) * scale);
        }
    }
}

INLINE void K(softmax_backward_rows)(const softmax_call *c, int dtype, int64_t first, int64_t last) {
    const int64_t n = c->columns;
    for (int64_t r = first; r < last; r++) {
        const void *y = ll_at(c->x, dtype, r * n), *g = ll_at(c->gy, dtype, r * n);
        void *gx = ll_at_mut(c->out, dtype, r * n);
        vf sum = 0;
        for (int64_t i = 0; i < n; i += 16) {
            vf v = get(g, dtype, i, n);
            sum += c->logarithm ? v : v * get(y, dtype, i, n);
        }
        float total = hsum(sum);
        for (int64_t i = 0; i < n; i += 16) {
            vf v = get(g, dtype, i, n), p = get(y, dtype, i, n);
            put(gx, dtype, i, n, c->logarithm ? v - vexp(p) * total : p * (v - total));
        }
    }
}

static void K(softmax_task)(void *context, int64_t task) {
    const softmax_call *c = context;
    int64_t first = task * c->rows_per_task, last = ll_min(c->rows, first + c->rows_per_task);
    if (c->dtype == LL_F32) K(softmax_rows)(c, LL_F32, first, last);
    else K(softmax_rows)(c, LL_BF16, first, last);
}
static void K(softmax_backward_task)(void *context, int64_t task) {
    const softmax_call *c = context;
    int64_t first = task * c->rows_per_task, last = ll_min(c->rows, first + c->rows_per_task);
    if (c->dtype == LL_F32) K(softmax_backward_rows)(c, LL_F32, first, last);
    else K(softmax_backward_rows)(c, LL_BF16, first, last);
}

static void K(entropy_task)(void *context, int64_t task) {
    const entropy_call *c = context;
    const int64_t n = c->columns;
    int64_t first = task * c->rows_per_task, last = ll_min(c->rows, first + c->rows_per_task);
    for (int64_t r = first; r < last; r++) {
        const float *x = c->x + r * n;
        float max = row_max(x, LL_F32, n), log_sum = logf(row_exp_sum(x, LL_F32, n, max));
        int32_t t = c->target[r];
        c->lse[r] = max + log_sum;
        // (max - x) first: near the certain answer the large parts cancel exactly.
        c->loss[r] = t < 0 ? 0.0f : t >= n ? NAN : (max - x[t]) + log_sum;
    }
}
static void K(entropy_backward_task)(void *context, int64_t task) {
    const entropy_call *c = context;
    const int64_t n = c->columns;
    int64_t first = task * c->rows_per_task, last = ll_min(c->rows, first + c->rows_per_task);
    for (int64_t r = first; r < last; r++) {
        const float *x = c->x + r * n;
        float *gx = c->gx + r * n;
        int32_t t = c->target[r];
        float g = t < 0 ? 0.0f : c->g[r], lse = c->lse[r];
        if (t < 0) {
            for (int64_t i = 0; i < n; i += 16) put(gx, LL_F32, i, n, 0.0f);
            continue;
        }
        for (int64_t i = 0; i < n; i += 16) put(gx, LL_F32, i, n, g * vexp(get(x, LL_F32, i, n) - lse));
        if (t < n) gx[t] = g * (expf(x[t] - lse) - 1.0f);
    }
}
