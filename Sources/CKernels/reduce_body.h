// Partial reductions of one piece of the reduced axis, either along memory (inner == 1) or across rows of `inner`.
#ifndef LL_REDUCE_NAMES
#define LL_REDUCE_NAMES
#define reduce_step K(reduce_step_)
#endif

INLINE vf reduce_step(int op, vf a, vf b) {
    return op == LL_REDUCE_MAX ? vmax_nan(a, b) : op == LL_REDUCE_MIN ? vmin_nan(a, b) : a + b;
}

INLINE float K(reduce_along)(int op, int dtype, const void *x, int64_t n, float identity) {
    vf a0 = identity, a1 = identity, a2 = identity, a3 = identity;
    int64_t i = 0;
    for (; i + 64 <= n; i += 64) {
        a0 = reduce_step(op, a0, get(x, dtype, i, n));
        a1 = reduce_step(op, a1, get(x, dtype, i + 16, n));
        a2 = reduce_step(op, a2, get(x, dtype, i + 32, n));
        a3 = reduce_step(op, a3, get(x, dtype, i + 48, n));
    }
    for (; i < n; i += 16) a0 = reduce_step(op, a0, keep_first(get(x, dtype, i, n), n - i, identity));
    vf a = reduce_step(op, reduce_step(op, a0, a1), reduce_step(op, a2, a3));
    if (op == LL_REDUCE_MAX) return hmax(a);
    if (op == LL_REDUCE_MIN) return -hmax(-a);
    return hsum(a);
}

INLINE void K(reduce_across)(int op, int dtype, const void *x, int64_t rows, int64_t inner, float identity, float *y) {
    int64_t c = 0;
    for (; c + 64 <= inner; c += 64) {
        vf a[4] = {identity, identity, identity, identity};
        for (int64_t r = 0; r < rows; r++)
            for (int j = 0; j < 4; j++) a[j] = reduce_step(op, a[j], get(x, dtype, r * inner + c + 16 * j, (r + 1) * inner));
        for (int j = 0; j < 4; j++) vstore(y + c + 16 * j, a[j]);
    }
    for (; c < inner; c += 16) {
        vf a = identity;
        for (int64_t r = 0; r < rows; r++) a = reduce_step(op, a, get(x, dtype, r * inner + c, (r + 1) * inner));
        put(y, LL_F32, c, inner, a);
    }
}

/// A task is one piece of one outer index, or several outer indices whole.
static void K(reduce_task)(void *context, int64_t task) {
    const reduce_call *c = context;
    int64_t first = task / c->pieces * c->outer_per_task, last = ll_min(c->outer, first + c->outer_per_task);
    int64_t piece = task % c->pieces;
    int64_t from = piece * c->piece_rows, rows = ll_min(c->piece_rows, c->reduce - from);
    for (int64_t o = first; o < last; o++) {
        const void *x = ll_at(c->x, c->dtype, (o * c->reduce + from) * c->inner);
        float *y = c->partial + (o * c->pieces + piece) * c->inner;
#define LL_CASE(op)                                                                                                    \
    if (c->inner == 1 && c->dtype == LL_F32) *y = K(reduce_along)(op, LL_F32, x, rows, c->identity);                   \
    else if (c->inner == 1) *y = K(reduce_along)(op, LL_BF16, x, rows, c->identity);                                   \
    else if (c->dtype == LL_F32) K(reduce_across)(op, LL_F32, x, rows, c->inner, c->identity, y);                      \
    else K(reduce_across)(op, LL_BF16, x, rows, c->inner, c->identity, y);
        if (c->op == LL_REDUCE_MAX) { LL_CASE(LL_REDUCE_MAX) }
        else if (c->op == LL_REDUCE_MIN) { LL_CASE(LL_REDUCE_MIN) }
        else { LL_CASE(LL_REDUCE_SUM) }
#undef LL_CASE
    }
}

/// Column sums of a stack of partial rows, in double, a strip of columns per task.
static void K(sum_partials_task)(void *context, int64_t task) {
    const partials_call *p = context;
    int64_t from = task * LL_STRIP, to = ll_min(p->columns, from + LL_STRIP);
    for (int64_t c = from; c < to; c += 16) {
        vd sum = 0;
        for (int64_t i = 0; i < p->pieces; i++)
            sum += __builtin_convertvector(get(p->partial + i * p->stride, LL_F32, c, to), vd);
        put(p->sum, LL_F32, c, to, __builtin_convertvector(sum, vf));
    }
}

static void K(argmax_task)(void *context, int64_t task) {
    const argmax_call *c = context;
    int64_t first = task * c->outer_per_task, last = ll_min(c->outer, first + c->outer_per_task);
    for (int64_t o = first; o < last; o++) {
        const float *x = c->x + o * c->reduce * c->inner;
        if (c->inner == 1) {
            float top = K(reduce_along)(LL_REDUCE_MAX, LL_F32, x, c->reduce, -INFINITY);
            int64_t i = 0;
            while (i < c->reduce - 1 && !(x[i] == top || x[i] != x[i])) i++;
            c->index[o] = (int32_t)i;
            continue;
        }
        for (int64_t j = 0; j < c->inner; j++) {
            int64_t best = 0;
            float top = x[j];
            for (int64_t i = 1; i < c->reduce && top == top; i++) {
                float v = x[i * c->inner + j];
                if (v > top || v != v) top = v, best = i;
            }
            c->index[o * c->inner + j] = (int32_t)best;
        }
    }
}

static void K(squares_task)(void *context, int64_t task) {
    const squares_call *c = context;
    int64_t from = task * LL_CHUNK, to = ll_min(c->n, from + LL_CHUNK);
    double sum = 0;
    for (int64_t part = from; part < to; part += 2048) {   // f32 inside a short run, double above it
        int64_t end = ll_min(to, part + 2048);
        vf a0 = 0, a1 = 0;
        int64_t i = part;
        for (; i + 32 <= end; i += 32) {
            vf u = vload(c->x + i), v = vload(c->x + i + 16);
            a0 = u * u + a0;
            a1 = v * v + a1;
        }
        for (; i < end; i += 16) {
            vf u = get(c->x, LL_F32, i, end);
            a0 = u * u + a0;
        }
        sum += hsum_double(a0) + hsum_double(a1);
    }
    c->partial[task] = sum;
}

static void K(nonfinite_task)(void *context, int64_t task) {
    nonfinite_call *c = context;
    int64_t from = task * LL_CHUNK, to = ll_min(c->n, from + LL_CHUNK);
    if (atomic_load_explicit(&c->first, memory_order_relaxed) < from) return;
    for (int64_t i = from; i < to; i += 16) {
        vi bad = ((vi)get(c->x, c->dtype, i, to) & 0x7f800000) == 0x7f800000;
        if (!any(bad)) continue;
        int lane = 0;
        while (!bad[lane]) lane++;
        int64_t found = i + lane, seen = atomic_load(&c->first);
        while (found < seen && !atomic_compare_exchange_weak(&c->first, &seen, found)) {}
        return;
    }
}
