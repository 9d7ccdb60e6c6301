// Group norm over channels-last positions. A piece is some positions of one batch item, small enough for the second-level
// cache: its mean and centred squares are taken there in two passes, and the pieces are merged in double afterwards.
#include "math_body.h"
#ifndef LL_GROUP_NORM_NAMES
#define LL_GROUP_NORM_NAMES
#define channel_sums K(channel_sums_)
#endif

/// sums[c] = sum over rows of (x - center[c]), and of its square in squares[c] (NULL: not wanted).
INLINE void channel_sums(const void *x, int dtype, int64_t rows, int64_t channels, const float *center, float *sums,
                         float *squares) {
    for (int64_t c = 0; c < channels; c += 16) {
        vf a = 0, b = 0, aa = 0, bb = 0, m = center ? get(center, LL_F32, c, channels) : (vf)0.0f;
        int64_t r = 0;
        for (; r + 2 <= rows; r += 2) {
            vf u = get(x, dtype, r * channels + c, (r + 1) * channels) - m;
            vf v = get(x, dtype, (r + 1) * channels + c, (r + 2) * channels) - m;
            a = u + a, b = v + b;
            if (squares) aa = u * u + aa, bb = v * v + bb;
        }
        if (r < rows) {
            vf u = get(x, dtype, r * channels + c, (r + 1) * channels) - m;
            a = u + a;
            aa = u * u + aa;
        }
        put(sums, LL_F32, c, channels, a + b);
        if (squares) put(squares, LL_F32, c, channels, aa + bb);
    }
}

/// Per group of one piece: a mean rounded to f32, and the sums of (x - that mean) and of its square.
static void K(statistics_task)(void *context, int64_t task) {
    const group_call *c = context;
    const int64_t width = c->channels / c->groups;
    int64_t item = task / c->pieces, first = task % c->pieces * c->piece_rows;
    int64_t rows = ll_min(c->piece_rows, c->space - first);
    const void *x = ll_at(c->x, c->dtype, (item * c->space + first) * c->channels);
    float *sums = ll_scratch(LL_SCRATCH_TILE, 3 * c->channels), *center = sums + c->channels, *squares = center + c->channels;
    if (c->dtype == LL_F32) channel_sums(x, LL_F32, rows, c->channels, NULL, sums, NULL);
    else channel_sums(x, LL_BF16, rows, c->channels, NULL, sums, NULL);
    float *moments = c->partial + task * 3 * c->groups;
    for (int64_t g = 0; g < c->groups; g++) {
        double sum = 0;
        for (int64_t i = g * width; i < (g + 1) * width; i++) sum += sums[i];
        float mean = (float)(sum / (double)(rows * width));
        moments[g] = mean;
        for (int64_t i = g * width; i < (g + 1) * width; i++) center[i] = mean;
    }
    if (c->dtype == LL_F32) channel_sums(x, LL_F32, rows, c->channels, center, sums, squares);
    else channel_sums(x, LL_BF16, rows, c->channels, center, sums, squares);
    for (int64_t g = 0; g < c->groups; g++) {
        double sum = 0, square = 0;
        for (int64_t i = g * width; i < (g + 1) * width; i++) sum += sums[i], square += squares[i];
        moments[c->groups + g] = (float)sum;
        moments[2 * c->groups + g] = (float)square;
    }
}

/// y = silu?(x * factor[c] + offset[c]); the table [batch, 2, channels] holds factor and offset.
INLINE void K(group_apply)(const group_call *c, int dtype, bool silu, const void *x, void *y, int64_t rows,
                           const float *factor, const float *offset) {
    const int64_t n = c->channels;
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t i = 0; i < n; i += 16) {
            vf v = get(x, dtype, r * n + i, (r + 1) * n) * get(factor, LL_F32, i, n) + get(offset, LL_F32, i, n);
            put(y, dtype, r * n + i, (r + 1) * n, silu ? v * vsigmoid(v) : v);
        }
    }
}
static void K(group_apply_task)(void *context, int64_t task) {
    const group_call *c = context;
    int64_t item = task / c->pieces, first = task % c->pieces * c->piece_rows;
    int64_t rows = ll_min(c->piece_rows, c->space - first), at = (item * c->space + first) * c->channels;
    const void *x = ll_at(c->x, c->dtype, at);
    void *y = ll_at_mut(c->y, c->dtype, at);
    const float *factor = c->table + item * 2 * c->channels, *offset = factor + c->channels;
    if (c->dtype == LL_F32 && c->silu) K(group_apply)(c, LL_F32, true, x, y, rows, factor, offset);
    else if (c->dtype == LL_F32) K(group_apply)(c, LL_F32, false, x, y, rows, factor, offset);
    else if (c->silu) K(group_apply)(c, LL_BF16, true, x, y, rows, factor, offset);
    else K(group_apply)(c, LL_BF16, false, x, y, rows, factor, offset);
}

/// Gradient at the input of SiLU, or gy itself.
INLINE vf K(before_silu)(bool silu, vf g, vf z) {
    if (!silu) return g;
    vf s = vsigmoid(z);
    return g * (s * (1.0f + z * (1.0f - s)));
}

/// Backward, first walk: per channel the sums of gz xhat and of gz, where xhat = (x - mean) rstd, z = xhat weight + bias.
INLINE void K(group_sums)(const group_call *c, int dtype, bool silu, const void *x, const void *gy, int64_t rows,
                          const float *row, float *out) {
    const int64_t n = c->channels;
    const float *mean = row, *rstd = row + n;
    for (int64_t i = 0; i < n; i += 16) {
        vf m = get(mean, LL_F32, i, n), s = get(rstd, LL_F32, i, n), products = 0, plain = 0;
        vf w = c->weight ? get(c->weight, LL_F32, i, n) : (vf)1.0f, b = c->bias ? get(c->bias, LL_F32, i, n) : (vf)0.0f;
        for (int64_t r = 0; r < rows; r++) {
            vf h = (get(x, dtype, r * n + i, (r + 1) * n) - m) * s;
            vf g = K(before_silu)(silu, get(gy, dtype, r * n + i, (r + 1) * n), h * w + b);
            products = g * h + products;
            plain = plain + g;
        }
        put(out, LL_F32, i, n, products);
        put(out + n, LL_F32, i, n, plain);
    }
}
/// Backward, second walk: gx = rstd (gz weight - mean(gz weight) - xhat mean(gz weight xhat)), means over the group.
INLINE void K(group_gradient)(const group_call *c, int dtype, bool silu, const void *x, const void *gy, void *gx,
                              int64_t rows, const float *row, const float *means) {
    const int64_t n = c->channels;
    const float *mean = row, *rstd = row + n, *along = means, *plain = means + n;
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t i = 0; i < n; i += 16) {
            vf s = get(rstd, LL_F32, i, n), h = (get(x, dtype, r * n + i, (r + 1) * n) - get(mean, LL_F32, i, n)) * s;
            vf w = c->weight ? get(c->weight, LL_F32, i, n) : (vf)1.0f, b = c->bias ? get(c->bias, LL_F32, i, n) : (vf)0.0f;
            vf g = w * K(before_silu)(silu, get(gy, dtype, r * n + i, (r + 1) * n), h * w + b);
            put(gx, dtype, r * n + i, (r + 1) * n, s * ((g - get(plain, LL_F32, i, n)) - h * get(along, LL_F32, i, n)));
        }
    }
}
INLINE void K(group_backward)(const group_call *c, int64_t task, bool gradient) {
    const int64_t n = c->channels;
    int64_t item = task / c->pieces, first = task % c->pieces * c->piece_rows;
    int64_t rows = ll_min(c->piece_rows, c->space - first), at = (item * c->space + first) * n;
    const void *x = ll_at(c->x, c->dtype, at), *gy = ll_at(c->gy, c->dtype, at);
    const float *row = c->table + item * 4 * n, *means = row + 2 * n;
    void *gx = ll_at_mut(c->y, c->dtype, at);
    float *out = c->partial + task * 2 * n;
#define LL_CASE(dtype, silu)                                                                                           \
    if (gradient) K(group_gradient)(c, dtype, silu, x, gy, gx, rows, row, means);                                      \
    else K(group_sums)(c, dtype, silu, x, gy, rows, row, out);
    if (c->dtype == LL_F32 && c->silu) { LL_CASE(LL_F32, true) }
    else if (c->dtype == LL_F32) { LL_CASE(LL_F32, false) }
    else if (c->silu) { LL_CASE(LL_BF16, true) }
    else { LL_CASE(LL_BF16, false) }
#undef LL_CASE
}
static void K(group_sums_task)(void *context, int64_t task) { K(group_backward)(context, task, false); }
static void K(group_gradient_task)(void *context, int64_t task) { K(group_backward)(context, task, true); }
