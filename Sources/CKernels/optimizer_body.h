// One walk over weights, gradients and both moments.
static void K(adamw_task)(void *context, int64_t task) {
    const adamw_call *c = context;
    int64_t from = task * LL_CHUNK, to = ll_min(c->n, from + LL_CHUNK);
    for (int64_t i = from; i < to; i += 16) {
        vf g = get(c->g, LL_F32, i, to) * c->gradient_scale, w = get(c->w, LL_F32, i, to) * c->keep;
        vf m = get(c->m, LL_F32, i, to), v = get(c->v, LL_F32, i, to);
        m = m + (g - m) * c->fresh1;
        v = v * c->beta2 + (g * g) * c->fresh2;
        w = w - c->step * (m / (__builtin_elementwise_sqrt(v) * c->root_scale + c->eps));
        put(c->w, LL_F32, i, to, w);
        put(c->m, LL_F32, i, to, m);
        put(c->v, LL_F32, i, to, v);
        if (c->low) put(c->low, LL_BF16, i, to, w);
        if (c->ema) {
            vf e = get(c->ema, LL_F32, i, to);
            put(c->ema, LL_F32, i, to, e + (w - e) * c->ema_fresh);
        }
    }
}
