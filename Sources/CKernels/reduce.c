// Sums, means, extrema along one axis; argmax; sum of squares; the search for a value that is not finite.
#include "kernels.h"
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#define LL_STRIP 256   // columns of one task when partial rows are added up

typedef struct {
    int op, dtype;
    int64_t outer, reduce, inner, pieces, piece_rows, outer_per_task;
    const void *x;
    float *partial, identity;
} reduce_call;
typedef struct {
    int64_t pieces, columns, stride;
    const float *partial;
    float *sum;
} partials_call;
typedef struct {
    int64_t outer, reduce, inner, outer_per_task;
    const float *x;
    int32_t *index;
} argmax_call;
typedef struct {
    int64_t n;
    const float *x;
    double *partial;
} squares_call;
typedef struct {
    int64_t n;
    const void *x;
    int dtype;
    _Atomic int64_t first;
} nonfinite_call;

#define LL_BODY "reduce_body.h"
#include "instantiate.h"

void ll_sum_partials(int64_t pieces, int64_t columns, const float *partial, int64_t stride, float *sum) {
    partials_call c = {pieces, columns, stride, partial, sum};
    ll_run(pieces * columns, ll_pieces(columns, LL_STRIP), LL_PICK(sum_partials_task), &c);
}

/// Joins the pieces of each outer index, in order.
static void combine(const reduce_call *c, float *y) {
    for (int64_t o = 0; o < c->outer; o++) {
        const float *p = c->partial + o * c->pieces * c->inner;
        for (int64_t i = 0; i < c->inner; i++) {
            double sum = 0;
            float best = c->identity;
            for (int64_t k = 0; k < c->pieces; k++) {
                float v = p[k * c->inner + i];
                sum += v;
                bool better = c->op == LL_REDUCE_MIN ? v < best : v > best;
                if (better || v != v) best = v;
                if (best != best) break;
            }
            y[o * c->inner + i] = c->op == LL_REDUCE_MAX || c->op == LL_REDUCE_MIN ? best : (float)sum;
        }
    }
}

void ll_reduce(int op, int64_t outer, int64_t reduce, int64_t inner, const void *x, int dtype, float *y) {
    if (outer == 0 || inner == 0) return;
    float identity = op == LL_REDUCE_MAX ? -INFINITY : op == LL_REDUCE_MIN ? INFINITY : 0.0f;
    // Pieces are short enough that f32 sums stay accurate; beyond that, doubles. They depend on the shape alone.
    int64_t piece_rows = inner == 1 ? 4096 : ll_max(64, LL_CHUNK / inner);
    int64_t pieces = ll_max(1, ll_pieces(reduce, piece_rows));
    int64_t outer_per_task = pieces > 1 ? 1 : ll_rows_per_task(reduce * inner);
    bool extreme = op == LL_REDUCE_MAX || op == LL_REDUCE_MIN;
    float *partial = pieces == 1 ? y : ll_scratch(LL_SCRATCH_PARTIALS, outer * pieces * inner);
    reduce_call c = {op, dtype, outer, reduce, inner, pieces, piece_rows, outer_per_task, x, partial, identity};
    ll_run(outer * reduce * inner, ll_pieces(outer, outer_per_task) * pieces, LL_PICK(reduce_task), &c);
    if (pieces > 1 && !extreme && inner >= 16)
        for (int64_t o = 0; o < outer; o++)
            ll_sum_partials(pieces, inner, partial + o * pieces * inner, inner, y + o * inner);
    else if (pieces > 1) combine(&c, y);
    if (op == LL_REDUCE_MEAN) {
        const int64_t shape = outer * inner, each = 1, same = 0;
        const float count = (float)reduce;
        ll_binary(LL_DIV, 1, &shape, y, LL_F32, &each, &count, LL_F32, &same, y, LL_F32);
    }
}

void ll_argmax(int64_t outer, int64_t reduce, int64_t inner, const float *x, int32_t *index) {
    if (reduce == 0) {
        for (int64_t i = 0; i < outer * inner; i++) index[i] = 0;
        return;
    }
    argmax_call c = {outer, reduce, inner, ll_rows_per_task(reduce * inner), x, index};
    ll_run(outer * reduce * inner, ll_pieces(outer, c.outer_per_task), LL_PICK(argmax_task), &c);
}

double ll_sum_squares(int64_t n, const float *x) {
    int64_t pieces = ll_pieces(n, LL_CHUNK);
    squares_call c = {n, x, (double *)ll_scratch(LL_SCRATCH_PARTIALS, 2 * pieces)};
    ll_run(n, pieces, LL_PICK(squares_task), &c);
    double sum = 0;
    for (int64_t i = 0; i < pieces; i++) sum += c.partial[i];
    return sum;
}

int64_t ll_first_nonfinite(int64_t n, const void *x, int dtype) {
    nonfinite_call c = {n, x, dtype, INT64_MAX};
    ll_run(n, ll_pieces(n, LL_CHUNK), LL_PICK(nonfinite_task), &c);
    int64_t first = atomic_load(&c.first);
    return first == INT64_MAX ? -1 : first;
}
