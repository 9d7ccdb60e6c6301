// Sums of rows by index, and of 2 x 2 pixels.
static void K(scatter_task)(void *context, int64_t task) {
    const gather_call *c = context;
    const int64_t n = c->columns, from = task * LL_SCATTER_STRIP, to = ll_min(n, from + LL_SCATTER_STRIP);
    for (int64_t r = 0; r < c->rows; r++) {
        int64_t t = c->index[r];
        if (t < 0 || t >= c->table_rows) continue;
        float *target = c->target + t * n;
        const float *source = c->source + r * n;
        for (int64_t i = from; i < to; i += 16)
            put(target, LL_F32, i, to, get(target, LL_F32, i, to) + get(source, LL_F32, i, to));
    }
}

static void K(upsample_backward_task)(void *context, int64_t row) {
    const resize_call *c = context;
    const int64_t n = c->channels, line = 2 * c->width * n;
    const void *top = ll_at(c->x, c->dtype, row * 2 * line), *bottom = ll_at(top, c->dtype, line);
    void *y = ll_at_mut(c->y, c->dtype, row * c->width * n);
    for (int64_t p = 0; p < c->width; p++) {
        const int64_t a = 2 * p * n, b = a + n;
        for (int64_t i = 0; i < n; i += 16) {
            vf sum = (get(top, c->dtype, a + i, a + n) + get(top, c->dtype, b + i, b + n)) +
                     (get(bottom, c->dtype, a + i, a + n) + get(bottom, c->dtype, b + i, b + n));
            put(y, c->dtype, p * n + i, (p + 1) * n, sum);
        }
    }
}
