// The tail of a linear layer: bias and activation in place, and their gradients.
#include "kernels.h"

#define NO_ACTIVATION (-1)
typedef struct {
    int64_t rows, columns, rows_per_task;
    int dtype, activation;
    const void *gy;
    const float *bias;
    void *x, *before;   // backward: x is g_before
    float *sums;        // backward: [tasks, columns]
} bias_call;

#define LL_BODY "bias_activation_body.h"
#include "instantiate.h"

void ll_bias_activation(int64_t rows, int64_t columns, void *x, int dtype, const float *bias, int activation, void *before) {
    if (bias == NULL && activation == LL_ACT_NONE && before == NULL) return;
    bias_call c = {rows, columns, ll_rows_per_task(columns), dtype, activation, NULL, bias, x, before, NULL};
    ll_run(rows * columns, ll_pieces(rows, c.rows_per_task), LL_PICK(forward_task), &c);
}

void ll_bias_activation_backward(int64_t rows, int64_t columns, const void *before, const void *gy, int dtype, int activation,
                                 void *g_before, float *gbias) {
    const int64_t rows_per_task = 2 * ll_rows_per_task(columns), pieces = ll_pieces(rows, rows_per_task);
    float *sums = gbias ? ll_scratch(LL_SCRATCH_PARTIALS, ll_max(1, pieces) * columns) : NULL;
    bias_call c = {rows, columns, rows_per_task, dtype, activation, gy, NULL, g_before, (void *)before, sums};
    ll_run(rows * columns, pieces, LL_PICK(backward_task), &c);
    if (gbias) ll_sum_partials(pieces, columns, sums, columns, gbias);
}
