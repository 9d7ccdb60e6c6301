// Softmax, log softmax and cross entropy along rows.
#include "kernels.h"

typedef struct {
    int64_t rows, columns, rows_per_task;
    const void *x, *gy;
    void *out;
    int dtype;
    bool logarithm;
} softmax_call;
typedef struct {
    int64_t rows, columns, rows_per_task;
    const float *x;
    const int32_t *target;
    float *loss, *lse;
    const float *g;
    float *gx;
} entropy_call;

#define LL_BODY "softmax_body.h"
#include "instantiate.h"

void ll_softmax(int64_t rows, int64_t columns, const void *x, void *y, int dtype, bool logarithm) {
    softmax_call c = {rows, columns, ll_rows_per_task(columns), x, NULL, y, dtype, logarithm};
    ll_run(rows * columns, ll_pieces(rows, c.rows_per_task), LL_PICK(softmax_task), &c);
}

void ll_softmax_backward(int64_t rows, int64_t columns, const void *y, const void *gy, void *gx, int dtype, bool logarithm) {
    softmax_call c = {rows, columns, ll_rows_per_task(columns), y, gy, gx, dtype, logarithm};
    ll_run(rows * columns, ll_pieces(rows, c.rows_per_task), LL_PICK(softmax_backward_task), &c);
}

void ll_cross_entropy(int64_t rows, int64_t columns, const float *x, const int32_t *target, float *loss, float *lse) {
    entropy_call c = {rows, columns, ll_rows_per_task(columns), x, target, loss, lse, NULL, NULL};
    ll_run(rows * columns, ll_pieces(rows, c.rows_per_task), LL_PICK(entropy_task), &c);
}

void ll_cross_entropy_backward(int64_t rows, int64_t columns, const float *x, const int32_t *target, const float *lse,
                               const float *g, float *gx) {
    entropy_call c = {rows, columns, ll_rows_per_task(columns), x, target, NULL, (float *)lse, g, gx};
    ll_run(rows * columns, ll_pieces(rows, c.rows_per_task), LL_PICK(entropy_backward_task), &c);
}
