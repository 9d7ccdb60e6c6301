// y = x + gate h and its gradients, rows of `columns`, one gate row per group of rows.
INLINE void K(gated_rows)(const gated_call *c, int xt, int ht, int yt, int64_t first, int64_t last) {
    const int64_t n = c->columns;
    for (int64_t r = first; r < last; r++) {
        const void *x = ll_at(c->x, xt, r * n), *h = ll_at(c->h, ht, r * n);
        const float *gate = c->gate + r / c->rows_per_group * c->gate_stride;
        void *y = ll_at_mut(c->y, yt, r * n);
        for (int64_t i = 0; i < n; i += 16)
            put(y, yt, i, n, get(gate, LL_F32, i, n) * get(h, ht, i, n) + get(x, xt, i, n));
    }
}
static void K(gated_task)(void *context, int64_t task) {
    const gated_call *c = context;
    int64_t first = task * c->rows_per_task, last = ll_min(c->rows, first + c->rows_per_task);
    if (c->xt == LL_F32 && c->ht == LL_F32 && c->yt == LL_F32) K(gated_rows)(c, LL_F32, LL_F32, LL_F32, first, last);
    else K(gated_rows)(c, c->xt, c->ht, c->yt, first, last);
}

INLINE void K(gated_backward_rows)(const gated_call *c, int gt, int ht, int64_t first, int64_t last, float *sums) {
    const int64_t n = c->columns;
    for (int64_t i = 0; i < n; i += 16) put(sums, LL_F32, i, n, 0.0f);
    for (int64_t r = first; r < last; r++) {
        const void *g = ll_at(c->x, gt, r * n), *h = ll_at(c->h, ht, r * n);
        const float *gate = c->gate + r / c->rows_per_group * c->gate_stride;
        void *gh = ll_at_mut(c->y, ht, r * n);
        for (int64_t i = 0; i < n; i += 16) {
            vf v = get(g, gt, i, n);
            put(sums, LL_F32, i, n, get(h, ht, i, n) * v + get(sums, LL_F32, i, n));
            put(gh, ht, i, n, get(gate, LL_F32, i, n) * v);
        }
    }
}
static void K(gated_backward_task)(void *context, int64_t task) {
    const gated_call *c = context;
    int64_t group = task / c->pieces, piece = task % c->pieces;
    int64_t first = group * c->rows_per_group + piece * c->rows_per_task;
    int64_t last = ll_min(ll_min(c->rows, (group + 1) * c->rows_per_group), first + c->rows_per_task);
    float *sums = c->sums + task * c->columns;
    if (c->xt == LL_F32 && c->ht == LL_F32) K(gated_backward_rows)(c, LL_F32, LL_F32, first, last, sums);
    else K(gated_backward_rows)(c, c->xt, c->ht, first, last, sums);
}
