// Heads of 2 * half values, value i and i + half being one complex number; `turned` heads of a row are turned, `left` are copied.
INLINE void K(rotary_rows)(const rotary_call *c, int type, int64_t first, int64_t last) {
    const int64_t half = c->half, columns = 2 * half * (c->turned + c->left);
    for (int64_t r = first; r < last; r++) {
        const float *cosines = c->cosines + r % c->places * half, *sines = c->sines + r % c->places * half;
        for (int64_t head = 0; head < c->turned; head++) {
            const int64_t at = r * columns + head * 2 * half;
            const void *re = ll_at(c->x, type, at), *im = ll_at(c->x, type, at + half);
            void *re_out = ll_at_mut(c->y, type, at), *im_out = ll_at_mut(c->y, type, at + half);
            for (int64_t i = 0; i < half; i += 16) {
                vf a = get(re, type, i, half), b = get(im, type, i, half);
                vf cosine = get(cosines, LL_F32, i, half), sine = c->sign * get(sines, LL_F32, i, half);
                put(re_out, type, i, half, a * cosine - b * sine);
                put(im_out, type, i, half, a * sine + b * cosine);
            }
        }
        const int64_t at = r * columns + c->turned * 2 * half, rest = c->left * 2 * half;
        const void *x = ll_at(c->x, type, at);
        void *y = ll_at_mut(c->y, type, at);
        for (int64_t i = 0; i < rest; i += 16) put(y, type, i, rest, get(x, type, i, rest));
    }
}
static void K(rotary_task)(void *context, int64_t task) {
    const rotary_call *c = context;
    int64_t first = task * c->rows_per_task, last = ll_min(c->rows, first + c->rows_per_task);
    if (c->dtype == LL_F32) K(rotary_rows)(c, LL_F32, first, last);
    else K(rotary_rows)(c, c->dtype, first, last);
}
