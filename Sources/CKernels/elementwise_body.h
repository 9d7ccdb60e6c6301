// One loop per (operation, dtype), all from the same text.
#include "math_body.h"
#include "activation_body.h"

INLINE void K(unary_loop)(int op, int dtype, const unary_call *c, int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i += 16)
        put(c->y, dtype, i, to, unary_value(op, get(c->x, dtype, i, to), c->p0, c->p1));
}
INLINE void K(unary_backward_loop)(int op, int dtype, const unary_call *c, int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i += 16)
        put(c->y, dtype, i, to, get(c->gy, dtype, i, to) * unary_slope(op, get(c->x, dtype, i, to), c->p0, c->p1));
}

#define LL_EACH_UNARY(CASE)                                                                                            \
    CASE(LL_NEG) CASE(LL_EXP) CASE(LL_LOG) CASE(LL_SQRT) CASE(LL_RSQRT) CASE(LL_SQUARE) CASE(LL_ABS) CASE(LL_TANH)     \
    CASE(LL_SIGMOID) CASE(LL_SILU) CASE(LL_GELU) CASE(LL_GELU_ERF) CASE(LL_RELU) CASE(LL_LEAKY_RELU) CASE(LL_SIN)      \
    CASE(LL_COS) CASE(LL_CLAMP) CASE(LL_RECIPROCAL) CASE(LL_SCALE) CASE(LL_POWER) CASE(LL_SOFTPLUS) CASE(LL_LOG1P)     \
    CASE(LL_ERF) CASE(LL_NONZERO) CASE(LL_SIGN) CASE(LL_FLOOR) CASE(LL_ROUND) CASE(LL_GELU_QUICK)

#define LL_CASE(op)                                                                                                    \
    case op:                                                                                                           \
        if (c->dtype == LL_F32) K(unary_loop)(op, LL_F32, c, from, to);                                                \
        else K(unary_loop)(op, LL_BF16, c, from, to);                                                                  \
        break;
static void K(unary_task)(void *context, int64_t task) {
    const unary_call *c = context;
    int64_t from = task * LL_CHUNK, to = ll_min(c->n, from + LL_CHUNK);
    switch (c->op) { LL_EACH_UNARY(LL_CASE) }
}
#undef LL_CASE

#define LL_CASE(op)                                                                                                    \
    case op:                                                                                                           \
        if (c->dtype == LL_F32) K(unary_backward_loop)(op, LL_F32, c, from, to);                                       \
        else K(unary_backward_loop)(op, LL_BF16, c, from, to);                                                         \
        break;
static void K(unary_backward_task)(void *context, int64_t task) {
    const unary_call *c = context;
    int64_t from = task * LL_CHUNK, to = ll_min(c->n, from + LL_CHUNK);
    switch (c->op) { LL_EACH_UNARY(LL_CASE) }
}
#undef LL_CASE
#undef LL_EACH_UNARY

static void K(fill_task)(void *context, int64_t task) {
    const unary_call *c = context;
    int64_t from = task * LL_CHUNK, to = ll_min(c->n, from + LL_CHUNK);
    for (int64_t i = from; i < to; i += 16) put(c->y, c->dtype, i, to, (vf)c->p0);
}
static void K(select_task)(void *context, int64_t task) {
    const select_call *c = context;
    int64_t from = task * LL_CHUNK, to = ll_min(c->n, from + LL_CHUNK);
    for (int64_t i = from; i < to; i += 16) {
        vf a = get(c->a, LL_F32, i, to), b = get(c->b, LL_F32, i, to);
        put(c->out, LL_F32, i, to, get(c->mask, LL_F32, i, to) != 0.0f ? a : b);
    }
}
static void K(axpy_task)(void *context, int64_t task) {
    const unary_call *c = context;
    int64_t from = task * LL_CHUNK, to = ll_min(c->n, from + LL_CHUNK);
    for (int64_t i = from; i < to; i += 16)
        put(c->y, LL_F32, i, to, c->p0 * get(c->x, LL_F32, i, to) + get(c->y, LL_F32, i, to));
}
