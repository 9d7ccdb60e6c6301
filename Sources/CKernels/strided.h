// A shape walked by up to three operands with strides of their own, with as few axes as possible.
#ifndef STRIDED_H
#define STRIDED_H

#include "kernels.h"

typedef struct {
    int rank;                          // at least 1
    int64_t shape[LL_MAX_RANK];
    int64_t strides[3][LL_MAX_RANK];   // elements, per operand
} ll_walk;

/// Drops axes of extent 1 and merges neighbours that every operand walks as one. False when there is nothing to walk.
bool ll_collapse(int rank, const int64_t *shape, int operands, const int64_t *const *strides, ll_walk *walk);
/// Puts axes in order of falling stride of operand `by` (for kernels whose elements may come in any order), then collapses.
bool ll_collapse_sorted(int rank, const int64_t *shape, int operands, const int64_t *const *strides, int by, ll_walk *walk);

/// Rows are all axes but the last; a task is some rows, or a piece of one long row.
typedef struct {
    int64_t rows, columns, rows_per_task, pieces;   // pieces of a row; 1 when several rows make a task
} ll_cut;
ll_cut ll_cut_rows(const ll_walk *walk);
static inline int64_t ll_cut_tasks(const ll_cut *c) { return ll_pieces(c->rows, c->rows_per_task) * c->pieces; }

/// Where each operand's row number `row` starts: the offsets of the outer axes.
static inline void ll_row_offsets(const ll_walk *w, int operands, int64_t row, int64_t *offsets) {
    for (int o = 0; o < operands; o++) offsets[o] = 0;
    for (int d = w->rank - 2; d >= 0; d--) {
        int64_t i = row % w->shape[d];
        row /= w->shape[d];
        for (int o = 0; o < operands; o++) offsets[o] += i * w->strides[o][d];
    }
}

#endif
