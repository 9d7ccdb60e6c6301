// Group norm, channels last, with an optional SiLU.
#include "kernels.h"
#include <math.h>
#include <stdlib.h>

typedef struct {
    int64_t batch, space, channels, groups, pieces, piece_rows;
    const void *x, *gy;
    int dtype;
    const float *weight, *bias;
    bool silu;
    void *y;        // gx in the backward call
    float *partial; // per piece: forward [3, groups], see statistics_task; backward [2, channels] gz xhat and gz
    float *table;   // per batch item: forward [2, channels] factor, offset; backward [4, channels] mean, rstd, two means
} group_call;

#define LL_BODY "group_norm_body.h"
#include "instantiate.h"

static group_call prepared(int64_t batch, int64_t space, int64_t channels, int64_t groups, const void *x, const void *gy,
                           int dtype, const float *weight, const float *bias, bool silu, void *y) {
    group_call c = {batch, space, channels, groups, 0, ll_rows_per_task(channels), x, gy, dtype, weight, bias, silu, y,
                    NULL, NULL};
    c.pieces = ll_pieces(space, c.piece_rows);
    return c;
}

void ll_group_norm(int64_t batch, int64_t space, int64_t channels, int64_t groups, const void *x, int dtype, float eps,
                   const float *weight, const float *bias, bool silu, void *y, float *mean, float *rstd) {
    const int64_t work = batch * space * channels, width = channels / ll_max(1, groups);
    if (work == 0) return;
    group_call c = prepared(batch, space, channels, groups, x, NULL, dtype, weight, bias, silu, y);
    c.partial = ll_scratch(LL_SCRATCH_PARTIALS, batch * c.pieces * 3 * groups + batch * 2 * channels);
    c.table = c.partial + batch * c.pieces * 3 * groups;
    ll_run(work, batch * c.pieces, LL_PICK(statistics_task), &c);
    for (int64_t item = 0; item < batch; item++) {
        for (int64_t g = 0; g < groups; g++) {
            double count = 0, center = 0, squares = 0;   // merged piece by piece (Chan, Golub and LeVeque 1979)
            for (int64_t p = 0; p < c.pieces; p++) {
                const float *moments = c.partial + (item * c.pieces + p) * 3 * groups;
                double n = (double)(ll_min(c.piece_rows, space - p * c.piece_rows) * width), rest = moments[groups + g];
                double step = moments[g] + rest / n - center;
                center += step * n / (count + n);
                squares += moments[2 * groups + g] - rest * rest / n + step * step * count * n / (count + n);
                count += n;
            }
            float m = (float)center, s = (float)(1.0 / sqrt(squares / count + eps));
            mean[item * groups + g] = m;
            rstd[item * groups + g] = s;
            float *factor = c.table + item * 2 * channels, *offset = factor + channels;
            for (int64_t i = g * width; i < (g + 1) * width; i++) {
                factor[i] = weight ? s * weight[i] : s;
                offset[i] = (bias ? bias[i] : 0.0f) - m * factor[i];
            }
        }
    }
    ll_run(work, batch * c.pieces, LL_PICK(group_apply_task), &c);
}

void ll_group_norm_backward(int64_t batch, int64_t space, int64_t channels, int64_t groups, const void *x, const void *gy,
                            int dtype, const float *mean, const float *rstd, const float *weight, const float *bias, bool silu,
                            void *gx, float *gweight, float *gbias) {
    const int64_t work = batch * space * channels, width = channels / ll_max(1, groups);
    if (work == 0) {
        if (gweight) ll_fill(LL_F32, channels, gweight, 0);
        if (gbias) ll_fill(LL_F32, channels, gbias, 0);
        return;
    }
    group_call c = prepared(batch, space, channels, groups, x, gy, dtype, weight, bias, silu, gx);
    const int64_t sums = batch * c.pieces * 2 * channels, tables = batch * 4 * channels;
    c.partial = ll_scratch(LL_SCRATCH_PARTIALS, sums + tables + batch * 2 * channels);
    c.table = c.partial + sums;
    float *totals = c.table + tables;   // [batch, 2, channels]
    for (int64_t item = 0; item < batch; item++)
        for (int64_t i = 0; i < channels; i++) {
            c.table[item * 4 * channels + i] = mean[item * groups + i / width];
            c.table[item * 4 * channels + channels + i] = rstd[item * groups + i / width];
        }
    ll_run(work, batch * c.pieces, LL_PICK(group_sums_task), &c);
    for (int64_t item = 0; item < batch; item++) {
        float *total = totals + item * 2 * channels, *means = c.table + (item * 4 + 2) * channels;
        ll_sum_partials(c.pieces, 2 * channels, c.partial + item * c.pieces * 2 * channels, 2 * channels, total);
        for (int64_t g = 0; g < groups; g++) {
            double along = 0, plain = 0;
            for (int64_t i = g * width; i < (g + 1) * width; i++) {
                double w = weight ? weight[i] : 1.0;
                along += w * total[i];
                plain += w * total[channels + i];
            }
            for (int64_t i = g * width; i < (g + 1) * width; i++) {
                means[i] = (float)(along / (double)(space * width));
                means[channels + i] = (float)(plain / (double)(space * width));
            }
        }
    }
    if (gweight) ll_sum_partials(batch, channels, totals, 2 * channels, gweight);
    if (gbias) ll_sum_partials(batch, channels, totals + channels, 2 * channels, gbias);
    ll_run(work, batch * c.pieces, LL_PICK(group_gradient_task), &c);
}
