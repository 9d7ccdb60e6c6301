// Tiles of attention: running softmax, probabilities again from the saved sums, and rows between layouts.
#include "math_body.h"

/// `rows` rows of f32 out of a strided tensor; an f32 tensor is used in place. Returns where they are, and their stride.
INLINE const float *K(rows_of)(const void *x, int dtype, int64_t start, int64_t position, int64_t rows, int64_t width,
                               float *room, int64_t *stride) {
    if (dtype == LL_F32 && position >= width) {
        *stride = position;
        return (const float *)x + start;
    }
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < width; i += 16)
            put(room + r * width, LL_F32, i, width, get(ll_at(x, dtype, start + r * position), dtype, i, width));
    *stride = width;
    return room;
}
INLINE void K(write_rows)(void *y, int dtype, int64_t start, int64_t position, int64_t rows, int64_t width, const float *x) {
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < width; i += 16)
            put(ll_at_mut(y, dtype, start + r * position), dtype, i, width, get(x + r * width, LL_F32, i, width));
}

/// One row of scores becomes exponentials relative to the running maximum; returns the factor for what was summed before.
INLINE float K(running_row)(float *s, int64_t columns, int64_t visible, const float *mask, float *max, float *sum) {
    vf top = -INFINITY;
    for (int64_t i = 0; i < columns; i += 16) {
        vf v = keep_first(get(s, LL_F32, i, columns), ll_max(0, visible - i), -INFINITY);
        if (mask) {
            v = get(mask, LL_F32, i, columns) != 0.0f ? v : (vf)-INFINITY;
            put(s, LL_F32, i, columns, v);
        }
        top = vmax(v, top);
    }
    float old = *max, new = hmax(top);
    new = new > old ? new : old;
    float base = new == -INFINITY ? 0.0f : new;
    vf total = 0;
    for (int64_t i = 0; i < columns; i += 16) {
        vf e = keep_first(vexp(get(s, LL_F32, i, columns) - base), ll_max(0, visible - i), 0);
        put(s, LL_F32, i, columns, e);
        total += e;
    }
    float factor = old == -INFINITY ? 0.0f : expf(old - base);
    *max = new;
    *sum = *sum * factor + hsum(total);
    return factor;
}

static void K(attend)(void *context, int64_t task) {
    const attention_call *c = context;
    const int64_t w = c->width, first = task % c->blocks * LL_QUERY_ROWS, rows = ll_min(LL_QUERY_ROWS, c->n - first);
    const int64_t head = task / c->blocks % c->heads, item = task / c->blocks / c->heads;
    float *room = ll_scratch(LL_SCRATCH_TILE, LL_QUERY_ROWS * (LL_KEY_ROWS + 2 * w) + LL_KEY_ROWS * 2 * w);
    float *s = room, *acc = s + LL_QUERY_ROWS * LL_KEY_ROWS, *q_room = acc + LL_QUERY_ROWS * w;
    float *k_room = q_room + LL_QUERY_ROWS * w, *v_room = k_room + LL_KEY_ROWS * w;
    float max[LL_QUERY_ROWS], sum[LL_QUERY_ROWS];
    for (int64_t r = 0; r < rows; r++) max[r] = -INFINITY, sum[r] = 0;
    int64_t ql, kl, vl;
    const float *q = K(rows_of)(c->q, c->dtype, ll_start(c->qs, item, head, first), c->qs.position, rows, w, q_room, &ql);
    const int64_t keys = ll_visible(c, first + rows - 1);
    for (int64_t j = 0; j < keys; j += LL_KEY_ROWS) {
        const int64_t columns = ll_min(LL_KEY_ROWS, keys - j);
        const float *k = K(rows_of)(c->k, c->dtype, ll_start(c->ks, item, head, j), c->ks.position, columns, w, k_room, &kl);
        const float *v = K(rows_of)(c->v, c->dtype, ll_start(c->vs, item, head, j), c->vs.position, columns, w, v_room, &vl);
        ll_tile_product(false, true, rows, columns, w, c->scale, q, ql, k, kl, 0, s, columns);
        for (int64_t r = 0; r < rows; r++) {
            const float *mask = c->mask ? c->mask + item * c->m + j : NULL;
            float factor = K(running_row)(s + r * columns, columns, ll_visible(c, first + r) - j, mask, max + r, sum + r);
            if (j > 0 && factor != 1.0f)
                for (int64_t i = 0; i < w; i += 16)
                    put(acc + r * w, LL_F32, i, w, factor * get(acc + r * w, LL_F32, i, w));
        }
        ll_tile_product(false, false, rows, w, columns, 1, s, columns, v, vl, j > 0 ? 1 : 0, acc, w);
    }
    for (int64_t r = 0; r < rows; r++) {
        const float over = sum[r] != 0.0f ? 1.0f / sum[r] : 0.0f;
        void *y = ll_at_mut(c->y, c->dtype, ll_start(c->os, item, head, first + r));
        for (int64_t i = 0; i < w; i += 16) {
            vf v = over == 0.0f ? (vf)0.0f : over * get(acc + r * w, LL_F32, i, w);
            put(y, c->dtype, i, w, v);
        }
        c->lse[(item * c->heads + head) * c->n + first + r] = max[r] + logf(sum[r]);
    }
}

// ---- backward -----------------------------------------------------------------------------------------------------------
/// From scores s and dp = gout v^T of one row: s becomes the probabilities, dp the gradient at q k^T.
INLINE void K(gradient_row)(float *s, float *dp, int64_t columns, int64_t visible, const float *mask, float lse, float delta,
                            float scale) {
    for (int64_t i = 0; i < columns; i += 16) {
        vf p = lse == -INFINITY ? (vf)0.0f : vexp(get(s, LL_F32, i, columns) - lse);
        p = keep_first(p, ll_max(0, visible - i), 0);
        if (mask) p = get(mask, LL_F32, i, columns) != 0.0f ? p : (vf)0.0f;
        put(s, LL_F32, i, columns, p);
        put(dp, LL_F32, i, columns, p * (get(dp, LL_F32, i, columns) - delta) * scale);
    }
}

/// One (batch, head): the sums over queries in gk and gv have one order.
static void K(attend_backward)(void *context, int64_t task) {
    const attention_call *c = context;
    const int64_t w = c->width, head = task % c->heads, item = task / c->heads, tile = LL_QUERY_ROWS * LL_KEY_ROWS;
    float *s = ll_scratch(LL_SCRATCH_TILE, 2 * tile + LL_QUERY_ROWS * 3 * w + c->m * 4 * w), *dp = s + tile;
    float *q_room = dp + tile, *g_room = q_room + LL_QUERY_ROWS * w, *gq = g_room + LL_QUERY_ROWS * w;
    float *gk = gq + LL_QUERY_ROWS * w, *gv = gk + c->m * w, *k_room = gv + c->m * w, *v_room = k_room + c->m * w;
    int64_t ql, kl, vl, gl;
    const float *k = K(rows_of)(c->k, c->dtype, ll_start(c->ks, item, head, 0), c->ks.position, c->m, w, k_room, &kl);
    const float *v = K(rows_of)(c->v, c->dtype, ll_start(c->vs, item, head, 0), c->vs.position, c->m, w, v_room, &vl);
    for (int64_t i = 0; i < c->m * w; i += 16) {
        put(gk, LL_F32, i, c->m * w, 0.0f);
        put(gv, LL_F32, i, c->m * w, 0.0f);
    }
    for (int64_t first = 0; first < c->n; first += LL_QUERY_ROWS) {
        const int64_t rows = ll_min(LL_QUERY_ROWS, c->n - first), keys = ll_visible(c, first + rows - 1);
        const float *q = K(rows_of)(c->q, c->dtype, ll_start(c->qs, item, head, first), c->qs.position, rows, w, q_room, &ql);
        const float *g = K(rows_of)(c->gout, c->dtype, ll_start(c->gos, item, head, first), c->gos.position, rows, w, g_room,
                                    &gl);
        float delta[LL_QUERY_ROWS];
        for (int64_t r = 0; r < rows; r++) {
            const void *out = ll_at(c->out, c->dtype, ll_start(c->os, item, head, first + r));
            vf total = 0;
            for (int64_t i = 0; i < w; i += 16) total = get(g + r * gl, LL_F32, i, w) * get(out, c->dtype, i, w) + total;
            delta[r] = hsum(total);
        }
        for (int64_t i = 0; i < rows * w; i += 16) put(gq, LL_F32, i, rows * w, 0.0f);
        for (int64_t j = 0; j < keys; j += LL_KEY_ROWS) {
            const int64_t columns = ll_min(LL_KEY_ROWS, keys - j);
            ll_tile_product(false, true, rows, columns, w, c->scale, q, ql, k + j * kl, kl, 0, s, columns);
            ll_tile_product(false, true, rows, columns, w, 1, g, gl, v + j * vl, vl, 0, dp, columns);
            for (int64_t r = 0; r < rows; r++)
                K(gradient_row)(s + r * columns, dp + r * columns, columns, ll_visible(c, first + r) - j,
                                c->mask ? c->mask + item * c->m + j : NULL, c->lse[task * c->n + first + r], delta[r], c->scale);
            ll_tile_product(true, false, columns, w, rows, 1, s, columns, g, gl, 1, gv + j * w, w);
            ll_tile_product(false, false, rows, w, columns, 1, dp, columns, k + j * kl, kl, 1, gq, w);
            ll_tile_product(true, false, columns, w, rows, 1, dp, columns, q, ql, 1, gk + j * w, w);
        }
        K(write_rows)(c->gq, c->dtype, ll_start(c->gqs, item, head, first), c->gqs.position, rows, w, gq);
    }
    K(write_rows)(c->gk, c->dtype, ll_start(c->gks, item, head, 0), c->gks.position, c->m, w, gk);
    K(write_rows)(c->gv, c->dtype, ll_start(c->gvs, item, head, 0), c->gvs.position, c->m, w, gv);
}
