// Layer norm and RMS norm of rows, forward and backward. A row stays in the first-level cache over its three passes.
#ifndef LL_NORM_NAMES
#define LL_NORM_NAMES
#define norm_mean K(norm_mean_)
#define norm_square K(norm_square_)
#endif

INLINE float norm_mean(const void *x, int dtype, int64_t n) {
    vf a = 0, b = 0;
    int64_t i = 0;
    for (; i + 32 <= n; i += 32) {
        a += get(x, dtype, i, n);
        b += get(x, dtype, i + 16, n);
    }
    for (; i < n; i += 16) a += get(x, dtype, i, n);
    return hsum(a + b) / (float)n;
}
/// Mean of (x - mean)^2.
INLINE float norm_square(const void *x, int dtype, int64_t n, float mean) {
    vf a = 0, b = 0;
    int64_t i = 0;
    for (; i + 32 <= n; i += 32) {
        vf u = get(x, dtype, i, n) - mean, v = get(x, dtype, i + 16, n) - mean;
        a = u * u + a;
        b = v * v + b;
    }
    for (; i < n; i += 16) {
        vf u = keep_first(get(x, dtype, i, n) - mean, n - i, 0);
        a = u * u + a;
    }
    return hsum(a + b) / (float)n;
}

INLINE void K(norm_rows)(const norm_call *c, int dtype, int y_dtype, int64_t first, int64_t last) {
    const int64_t n = c->columns;
    for (int64_t r = first; r < last; r++) {
        const void *x = ll_at(c->x, dtype, r * n);
        void *y = ll_at_mut(c->y, y_dtype, r * n);
        float mean = c->centered ? norm_mean(x, dtype, n) : 0.0f;
        float rstd = 1.0f / sqrtf(norm_square(x, dtype, n, mean) + c->eps);
        if (c->mean) c->mean[r] = mean;
        c->rstd[r] = rstd;
        const float *scale = c->scale ? c->scale + r / c->rows_per_group * c->table_stride : NULL;
        const float *shift = c->shift ? c->shift + r / c->rows_per_group * c->table_stride : NULL;
        for (int64_t i = 0; i < n; i += 16) {
            vf v = (get(x, dtype, i, n) - mean) * rstd;
            if (c->weight) v = v * get(c->weight, LL_F32, i, n);
            if (c->bias) v = v + get(c->bias, LL_F32, i, n);
            if (scale) v = v * (1.0f + get(scale, LL_F32, i, n));
            if (shift) v = v + get(shift, LL_F32, i, n);
            put(y, y_dtype, i, n, v);
        }
    }
}
static void K(norm_task)(void *context, int64_t task) {
    const norm_call *c = context;
    int64_t first = task * c->rows_per_task, last = ll_min(c->rows, first + c->rows_per_task);
    if (c->dtype == LL_F32 && c->y_dtype == LL_F32) K(norm_rows)(c, LL_F32, LL_F32, first, last);
    else if (c->dtype == LL_F32) K(norm_rows)(c, LL_F32, LL_BF16, first, last);
    else K(norm_rows)(c, LL_BF16, LL_BF16, first, last);
}

/// A task is a piece of one group: it also leaves the sums over its rows of gy xhat and of gy.
INLINE void K(norm_backward_rows)(const norm_call *c, int dtype, int y_dtype, int64_t first, int64_t last, float *sums) {
    const int64_t n = c->columns;
    float *products = sums, *plain = sums + n;
    if (c->sums)
        for (int64_t i = 0; i < 2 * n; i += 16) put(sums, LL_F32, i, 2 * n, 0.0f);
    for (int64_t r = first; r < last; r++) {
        const void *x = ll_at(c->x, dtype, r * n), *gy = ll_at(c->gy, y_dtype, r * n);
        void *gx = ll_at_mut(c->y, dtype, r * n);
        const float mean = c->centered ? c->mean[r] : 0.0f, rstd = c->rstd[r];
        const float *scale = c->scale ? c->scale + r / c->rows_per_group * c->table_stride : NULL;
        vf along = 0, total = 0;
        for (int64_t i = 0; i < n; i += 16) {
            vf g = get(gy, y_dtype, i, n), h = (get(x, dtype, i, n) - mean) * rstd;
            if (c->sums) {
                put(products, LL_F32, i, n, g * h + get(products, LL_F32, i, n));
                put(plain, LL_F32, i, n, g + get(plain, LL_F32, i, n));
            }
            if (c->weight) g = g * get(c->weight, LL_F32, i, n);
            if (scale) g = g * (1.0f + get(scale, LL_F32, i, n));
            along = g * h + along;   // g is 0 past the end
            total = total + g;
        }
        float a = hsum(along) / (float)n, t = c->centered ? hsum(total) / (float)n : 0.0f;
        for (int64_t i = 0; i < n; i += 16) {
            vf g = get(gy, y_dtype, i, n), h = (get(x, dtype, i, n) - mean) * rstd;
            if (c->weight) g = g * get(c->weight, LL_F32, i, n);
            if (scale) g = g * (1.0f + get(scale, LL_F32, i, n));
            put(gx, dtype, i, n, ((g - t) - h * a) * rstd);
        }
    }
}
static void K(norm_backward_task)(void *context, int64_t task) {
    const norm_call *c = context;
    int64_t group = task / c->pieces, piece = task % c->pieces;
    int64_t first = group * c->group_rows + piece * c->rows_per_task;
    int64_t last = ll_min(ll_min(c->rows, (group + 1) * c->group_rows), first + c->rows_per_task);
    float *sums = c->sums ? c->sums + task * 2 * c->columns : NULL;
    if (c->dtype == LL_F32 && c->y_dtype == LL_F32) K(norm_backward_rows)(c, LL_F32, LL_F32, first, last, sums);
    else if (c->dtype == LL_F32) K(norm_backward_rows)(c, LL_F32, LL_BF16, first, last, sums);
    else K(norm_backward_rows)(c, LL_BF16, LL_BF16, first, last, sums);
}
