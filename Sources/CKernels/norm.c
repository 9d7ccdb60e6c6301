// Layer norm and RMS norm, with weights or with a scale and shift per group of rows.
#include "kernels.h"

typedef struct {
    int64_t rows, columns, rows_per_task;
    const void *x, *gy;
    int dtype, y_dtype;   // of x and gx; of y and gy
    bool centered;
    float eps;
    const float *weight, *bias, *scale, *shift;
    int64_t rows_per_group, table_stride;
    void *y;   // gx in the backward call
    float *mean, *rstd;
    int64_t group_rows, pieces;   // backward: a group is cut into pieces of rows_per_task rows
    float *sums;                  // [groups * pieces, 2, columns]: gy xhat, gy
} norm_call;

#define LL_BODY "norm_body.h"
#include "instantiate.h"

void ll_norm(int64_t rows, int64_t columns, const void *x, int dtype, bool centered, float eps,
             const float *weight, const float *bias,
             const float *scale, const float *shift, int64_t rows_per_group, int64_t table_stride,
             void *y, int y_dtype, float *mean, float *rstd) {
    norm_call c = {.rows = rows, .columns = columns, .rows_per_task = ll_rows_per_task(columns), .x = x, .dtype = dtype,
                   .y_dtype = y_dtype, .centered = centered, .eps = eps, .weight = weight, .bias = bias, .scale = scale, .shift = shift,
                   .rows_per_group = ll_max(1, rows_per_group), .table_stride = table_stride,
                   .y = y, .mean = mean, .rstd = rstd};
    ll_run(rows * columns, ll_pieces(rows, c.rows_per_task), LL_PICK(norm_task), &c);
}

void ll_norm_backward(int64_t rows, int64_t columns, const void *x, const void *gy, int dtype, int y_dtype,
                      bool centered, const float *mean, const float *rstd, const float *weight, const float *scale,
                      int64_t rows_per_group, int64_t table_stride,
                      void *gx, float *gweight, float *gbias, float *gscale, float *gshift) {
    const bool per_group = gscale != NULL || gshift != NULL, wanted = per_group || gweight != NULL || gbias != NULL;
    rows_per_group = ll_max(1, rows_per_group);
    const int64_t group_rows = per_group ? rows_per_group : ll_max(1, rows), groups = ll_pieces(rows, group_rows);
    const int64_t rows_per_task = ll_max(1, ll_min(group_rows, 2 * ll_rows_per_task(columns)));
    const int64_t pieces = ll_pieces(group_rows, rows_per_task);
    float *sums = wanted ? ll_scratch(LL_SCRATCH_PARTIALS, groups * pieces * 2 * columns) : NULL;
    norm_call c = {.rows = rows, .columns = columns, .rows_per_task = rows_per_task, .x = x, .gy = gy, .dtype = dtype,
                   .y_dtype = y_dtype, .centered = centered, .weight = weight, .scale = scale, .rows_per_group = rows_per_group,
                   .table_stride = table_stride, .y = gx, .mean = (float *)mean, .rstd = (float *)rstd,
                   .group_rows = group_rows, .pieces = pieces, .sums = sums};
    ll_run(rows * columns, groups * pieces, LL_PICK(norm_backward_task), &c);
    if (gweight) ll_sum_partials(groups * pieces, columns, sums, 2 * columns, gweight);
    if (gbias) ll_sum_partials(groups * pieces, columns, sums + columns, 2 * columns, gbias);
    for (int64_t g = 0; g < groups; g++) {
        const float *own = sums + g * pieces * 2 * columns;
        if (gscale) ll_sum_partials(pieces, columns, own, 2 * columns, gscale + g * columns);
        if (gshift) ll_sum_partials(pieces, columns, own + columns, 2 * columns, gshift + g * columns);
    }
}
