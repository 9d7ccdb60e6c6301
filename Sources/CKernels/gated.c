// The gated residual connection of adaptive-norm transformers.
#include "kernels.h"

typedef struct {
    int64_t rows, columns, rows_per_task, rows_per_group, gate_stride, pieces;
    const void *x;   // gy in the backward call
    const float *gate;
    const void *h;
    void *y;         // gh in the backward call
    int xt, ht, yt;
    float *sums;     // [groups * pieces, columns]
} gated_call;

#define LL_BODY "gated_body.h"
#include "instantiate.h"

void ll_gated_residual(int64_t rows, int64_t columns, const void *x, int x_dtype, const float *gate, int64_t rows_per_group,
                       int64_t gate_stride, const void *h, int h_dtype, void *y, int y_dtype) {
    gated_call c = {rows, columns, ll_rows_per_task(columns), ll_max(1, rows_per_group), gate_stride, 0,
                    x, gate, h, y, x_dtype, h_dtype, y_dtype, NULL};
    ll_run(rows * columns, ll_pieces(rows, c.rows_per_task), LL_PICK(gated_task), &c);
}

void ll_gated_residual_backward(int64_t rows, int64_t columns, const void *gy, int gy_dtype, const float *gate,
                                int64_t rows_per_group, int64_t gate_stride, const void *h, int h_dtype,
                                void *gh, float *ggate) {
    rows_per_group = ll_max(1, rows_per_group);
    const int64_t groups = ll_pieces(rows, rows_per_group);
    const int64_t rows_per_task = ll_min(rows_per_group, 2 * ll_rows_per_task(columns));
    const int64_t pieces = ll_pieces(rows_per_group, rows_per_task);
    float *sums = pieces == 1 ? ggate : ll_scratch(LL_SCRATCH_PARTIALS, groups * pieces * columns);
    gated_call c = {rows, columns, rows_per_task, rows_per_group, gate_stride, pieces,
                    gy, gate, h, gh, gy_dtype, h_dtype, h_dtype, sums};
    ll_run(rows * columns, groups * pieces, LL_PICK(gated_backward_task), &c);
    if (pieces > 1)
        for (int64_t g = 0; g < groups; g++)
            ll_sum_partials(pieces, columns, sums + g * pieces * columns, columns, ggate + g * columns);
}
