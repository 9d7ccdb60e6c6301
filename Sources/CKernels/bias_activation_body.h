// Bias and activation over rows; backward also sums each column over a piece of the rows.
#include "math_body.h"
#include "activation_body.h"
#if LL_PAIRS
#include "coarse_body.h"
#endif

/// Value and slope of an activation. What is rounded to bf16 need not be exact to the last bit before.
INLINE vf K(value)(int op, int dtype, vf x) {
#if LL_PAIRS
    vf rest;
    if (dtype == LL_BF16) switch (op) {
        case LL_SIGMOID: return coarse_sigmoid(-LL_LOG2_E * x, &rest);
        case LL_SILU: return x * coarse_sigmoid(-LL_LOG2_E * x, &rest);
        case LL_GELU: return x * coarse_sigmoid(-LL_LOG2_E * 2.0f * LL_GELU_A * (x + LL_GELU_B * x * (x * x)), &rest);
        case LL_GELU_QUICK: return x * coarse_sigmoid(-LL_LOG2_E * 1.702f * x, &rest);
        }
#endif
    return unary_value(op, x, 0, 0);
}
INLINE vf K(slope)(int op, int dtype, vf x) {
#if LL_PAIRS
    // u: what the sigmoid is taken of, in units of -log 2; du: its slope, in its own.
    vf rest, du = 1.0f, u = -LL_LOG2_E * x;
    if (op == LL_GELU) {
        const vf square = x * x;
        u = -LL_LOG2_E * 2.0f * LL_GELU_A * x * (1.0f + LL_GELU_B * square);
        du = 2.0f * LL_GELU_A * (1.0f + 3.0f * LL_GELU_B * square);
    }
    if (op == LL_GELU_QUICK) u = -LL_LOG2_E * 1.702f * x, du = 1.702f;
    if (dtype == LL_BF16 && (op == LL_SIGMOID || op == LL_SILU || op == LL_GELU || op == LL_GELU_QUICK)) {
        const vf s = coarse_sigmoid(u, &rest);
        return op == LL_SIGMOID ? s * rest : s * (1.0f + x * rest * du);
    }
#endif
    return unary_slope(op, x, 0, 0);
}

INLINE void K(forward_rows)(int op, int dtype, const bias_call *c, int64_t first, int64_t last) {
    const int64_t n = c->columns;
    for (int64_t r = first; r < last; r++) {
        void *x = ll_at_mut(c->x, dtype, r * n), *before = c->before ? ll_at_mut(c->before, dtype, r * n) : NULL;
        for (int64_t i = 0; i < n; i += 16) {
            vf v = get(x, dtype, i, n);
            if (c->bias) v = v + get(c->bias, LL_F32, i, n);
            if (before) {
                // The value that the backward call will see, rounded if it is bf16.
                put(before, dtype, i, n, v);
                v = get(before, dtype, i, n);
            }
            put(x, dtype, i, n, K(value)(op, dtype, v));
        }
    }
}
INLINE void K(backward_rows)(int op, int dtype, const bias_call *c, int64_t first, int64_t last, float *sums) {
    const int64_t n = c->columns;
    if (sums) for (int64_t i = 0; i < n; i += 16) put(sums, LL_F32, i, n, 0.0f);
    for (int64_t r = first; r < last; r++) {
        const void *gy = ll_at(c->gy, dtype, r * n), *before = ll_at(c->before, dtype, r * n);
        void *g_before = c->x ? ll_at_mut(c->x, dtype, r * n) : NULL;
        for (int64_t i = 0; i < n; i += 16) {
            vf g = get(gy, dtype, i, n);
            if (op != NO_ACTIVATION) g = g * K(slope)(op, dtype, get(before, dtype, i, n));
            if (g_before) put(g_before, dtype, i, n, g);
            if (sums) put(sums, LL_F32, i, n, g + get(sums, LL_F32, i, n));
        }
    }
}

#define LL_EACH(CASE)                                                                                                  \
    CASE(LL_ACT_NONE, NO_ACTIVATION) CASE(LL_ACT_GELU, LL_GELU) CASE(LL_ACT_GELU_ERF, LL_GELU_ERF)                     \
    CASE(LL_ACT_SILU, LL_SILU) CASE(LL_ACT_RELU, LL_RELU) CASE(LL_ACT_TANH, LL_TANH) CASE(LL_ACT_SIGMOID, LL_SIGMOID) \
    CASE(LL_ACT_GELU_QUICK, LL_GELU_QUICK)

#define LL_CASE(activation, op)                                                                                        \
    case activation:                                                                                                   \
        if (c->dtype == LL_F32) K(forward_rows)(op, LL_F32, c, first, last);                                           \
        else K(forward_rows)(op, LL_BF16, c, first, last);                                                             \
        break;
static void K(forward_task)(void *context, int64_t task) {
    const bias_call *c = context;
    int64_t first = task * c->rows_per_task, last = ll_min(c->rows, first + c->rows_per_task);
    switch (c->activation) { LL_EACH(LL_CASE) }
}
#undef LL_CASE

#define LL_CASE(activation, op)                                                                                        \
    case activation:                                                                                                   \
        if (c->dtype == LL_F32) K(backward_rows)(op, LL_F32, c, first, last, sums);                                    \
        else K(backward_rows)(op, LL_BF16, c, first, last, sums);                                                      \
        break;
static void K(backward_task)(void *context, int64_t task) {
    const bias_call *c = context;
    int64_t first = task * c->rows_per_task, last = ll_min(c->rows, first + c->rows_per_task);
    float *sums = c->sums ? c->sums + task * c->columns : NULL;
    switch (c->activation) { LL_EACH(LL_CASE) }
}
#undef LL_CASE
#undef LL_EACH
