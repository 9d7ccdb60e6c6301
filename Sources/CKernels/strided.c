// Shapes and strides before a loop runs over them.
#include "strided.h"

static int dropped_ones(int rank, const int64_t *shape, int operands, const int64_t *const *strides, ll_walk *w) {
    int n = 0;
    for (int d = 0; d < rank; d++) {
        if (shape[d] == 0) return -1;
        if (shape[d] == 1) continue;
        w->shape[n] = shape[d];
        for (int o = 0; o < operands; o++) w->strides[o][n] = strides[o][d];
        n++;
    }
    return n;
}

static void merge(ll_walk *w, int n, int operands) {
    int last = 0;
    for (int d = 1; d < n; d++) {
        bool one = true;
        for (int o = 0; o < operands; o++) one = one && w->strides[o][last] == w->strides[o][d] * w->shape[d];
        if (!one) last++;
        w->shape[last] = one ? w->shape[last] * w->shape[d] : w->shape[d];
        for (int o = 0; o < operands; o++) w->strides[o][last] = w->strides[o][d];
    }
    w->rank = last + 1;
    if (n == 0) {
        w->shape[0] = 1;
        for (int o = 0; o < operands; o++) w->strides[o][0] = 1;
    }
}

bool ll_collapse(int rank, const int64_t *shape, int operands, const int64_t *const *strides, ll_walk *w) {
    int n = dropped_ones(rank, shape, operands, strides, w);
    if (n < 0) return false;
    merge(w, n, operands);
    return true;
}

bool ll_collapse_sorted(int rank, const int64_t *shape, int operands, const int64_t *const *strides, int by, ll_walk *w) {
    int n = dropped_ones(rank, shape, operands, strides, w);
    if (n < 0) return false;
    for (int i = 1; i < n; i++) {
        for (int j = i; j > 0 && w->strides[by][j] > w->strides[by][j - 1]; j--) {
            int64_t t = w->shape[j];
            w->shape[j] = w->shape[j - 1];
            w->shape[j - 1] = t;
            for (int o = 0; o < operands; o++) {
                t = w->strides[o][j];
                w->strides[o][j] = w->strides[o][j - 1];
                w->strides[o][j - 1] = t;
            }
        }
    }
    merge(w, n, operands);
    return true;
}

ll_cut ll_cut_rows(const ll_walk *w) {
    ll_cut c = {1, w->shape[w->rank - 1], 1, 1};
    for (int d = 0; d < w->rank - 1; d++) c.rows *= w->shape[d];
    if (c.columns > LL_CHUNK) c.pieces = ll_pieces(c.columns, LL_CHUNK);
    else c.rows_per_task = ll_rows_per_task(c.columns);
    return c;
}
