// Tiles of attention: running softmax, probabilities again from the saved sums, and rows between layouts.
#include "math_body.h"
#include "tile_body.h"

/// `rows` rows of f32 out of a strided tensor, used in place where they are f32, few (many are read faster when they lie
/// together) and, if `padded`, fill whole vectors; else copied to `room`, each with zeros up to up16(width). Returns where they
/// are, and their stride.
INLINE const float *K(rows_of)(const void *x, int dtype, int64_t start, int64_t position, int64_t rows, int64_t width,
                               bool padded, float *room, int64_t *stride) {
    if (dtype == LL_F32 && position >= width && (!padded || (width % 16 == 0 && rows <= 64))) {
        *stride = position;
        return (const float *)x + start;
    }
    *stride = up16(width);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < width; i += 16)
            vstore(room + r * *stride + i, get(ll_at(x, dtype, start + r * position), dtype, i, width));
    return room;
}
INLINE void K(write_rows)(void *y, int dtype, int64_t start, int64_t position, int64_t rows, int64_t width, const float *x) {
    const int64_t ld = up16(width);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < width; i += 16)
            put(ll_at_mut(y, dtype, start + r * position), dtype, i, width, vload(x + r * ld + i));
}

/// e^x for x up to 0 and a little above; below the normal range 0.
INLINE vf K(exp_down)(vf x) {
    vf c = x < -87.0f ? (vf)-87.0f : x, t = c * 1.44269504f + LL_ROUNDER, p = vexp_fraction(c, t - LL_ROUNDER);
    vf v = p * (vf)(((vi)t - (vi)(vf)LL_ROUNDER + 127) << 23);
    return x < -87.0f ? (vf)0.0f : v;
}

/// One row of scores becomes exponentials relative to the running maximum; returns the factor for what was summed before.
INLINE float K(running_row)(float *s, int64_t columns, int64_t visible, const float *mask, float *max, float *sum) {
    const int64_t whole = ll_max(0, ll_min(columns, visible)) / 16 * 16;
    vf top = -INFINITY;
    if (mask)
        for (int64_t i = 0; i < columns; i += 16)
            vstore(s + i, get(mask, LL_F32, i, columns) != 0.0f ? vload(s + i) : (vf)-INFINITY);
    for (int64_t i = 0; i < whole; i += 16) top = vmax(vload(s + i), top);
    for (int64_t i = whole; i < columns; i += 16) {
        vf v = keep_first(vload(s + i), ll_max(0, ll_min(columns, visible) - i), -INFINITY);
        vstore(s + i, v);
        top = vmax(v, top);
    }
    float old = *max, new = hmax(top);
    new = new > old ? new : old;
    float base = new == -INFINITY ? 0.0f : new;
    vf total = 0;
    for (int64_t i = 0; i < columns; i += 16) {
        vf e = K(exp_down)(vload(s + i) - base);
        vstore(s + i, e);
        total += e;
    }
    float factor = old == -INFINITY ? 0.0f : expf(old - base);
    *max = new;
    *sum = *sum * factor + hsum(total);
    return factor;
}

#if LL_PAIRS
#include "attention_pairs_body.h"
#endif

/// Up to LL_TASK_ROWS queries of one head against LL_KEY_ROWS keys at a time, which are turned once for all of them.
static void K(attend)(void *context, int64_t task) {
    const attention_call *c = context;
#if LL_PAIRS
    if (c->dtype == LL_BF16) {
        K(attend_pairs)(c, task);
        return;
    }
#endif
    const int64_t w = c->width, wp = up16(w), begin = task % c->blocks * LL_TASK_ROWS, end = ll_min(c->n, begin + LL_TASK_ROWS);
    const int64_t head = task / c->blocks % c->heads, item = task / c->blocks / c->heads, most = ll_min(LL_KEY_ROWS, up16(c->m));
    float *s = ll_scratch(LL_SCRATCH_TILE, LL_QUERY_ROWS * most + (2 * LL_TASK_ROWS + 3 * most) * wp);
    float *acc = s + LL_QUERY_ROWS * most, *q_room = acc + LL_TASK_ROWS * wp, *kt = q_room + LL_TASK_ROWS * wp;
    float *k_room = kt + most * wp, *v_room = k_room + most * wp;
    float max[LL_TASK_ROWS], sum[LL_TASK_ROWS];
    for (int64_t r = 0; r < end - begin; r++) max[r] = -INFINITY, sum[r] = 0;
    for (int64_t i = 0; i < (end - begin) * wp; i += 16) vstore(acc + i, 0.0f);
    int64_t ql, kl, vl;
    const float *q =
        K(rows_of)(c->q, c->dtype, ll_start(c->qs, item, head, begin), c->qs.position, end - begin, w, false, q_room, &ql);
    const int64_t keys = ll_visible(c, end - 1);
    for (int64_t j = 0; j < keys; j += LL_KEY_ROWS) {
        const int64_t chunk = ll_min(LL_KEY_ROWS, keys - j), ld = up16(chunk);
        const float *k =
            K(rows_of)(c->k, c->dtype, ll_start(c->ks, item, head, j), c->ks.position, chunk, w, false, k_room, &kl);
        const float *v =
            K(rows_of)(c->v, c->dtype, ll_start(c->vs, item, head, j), c->vs.position, chunk, w, true, v_room, &vl);
        tile_transposed(k, kl, chunk, w, kt);
        for (int64_t first = begin; first < end; first += LL_QUERY_ROWS) {
            const int64_t rows = ll_min(LL_QUERY_ROWS, end - first), columns = ll_min(chunk, ll_visible(c, first + rows - 1) - j);
            if (columns <= 0) continue;
            float *sums = acc + (first - begin) * wp;
            tile_product(rows, columns, w, c->scale, q + (first - begin) * ql, ql, 1, kt, ld, false, s, ld);
            for (int64_t r = 0; r < rows; r++) {
                const float *mask = c->mask ? c->mask + item * c->m + j : NULL;
                const int64_t i = first - begin + r;
                float factor = K(running_row)(s + r * ld, columns, ll_visible(c, first + r) - j, mask, max + i, sum + i);
                if (j > 0 && factor != 1.0f)
                    for (int64_t l = 0; l < wp; l += 16) vstore(sums + r * wp + l, factor * vload(sums + r * wp + l));
            }
            tile_product(rows, w, columns, 1, s, ld, 1, v, vl, j > 0, sums, wp);
        }
    }
    for (int64_t r = 0; r < end - begin; r++) {
        const float over = sum[r] != 0.0f ? 1.0f / sum[r] : 0.0f;
        void *y = ll_at_mut(c->y, c->dtype, ll_start(c->os, item, head, begin + r));
        for (int64_t i = 0; i < w; i += 16)
            put(y, c->dtype, i, w, over == 0.0f ? (vf)0.0f : over * vload(acc + r * wp + i));
        c->lse[(item * c->heads + head) * c->n + begin + r] = max[r] + logf(sum[r]);
    }
}

// ---- backward -----------------------------------------------------------------------------------------------------------
/// From scores s and dp = gout v^T of one row: s becomes the probabilities, dp the gradient at q k^T.
INLINE void K(gradient_row)(float *s, float *dp, int64_t columns, int64_t visible, const float *mask, float lse, float delta,
                            float scale) {
    const int64_t seen = lse == -INFINITY ? 0 : ll_max(0, ll_min(columns, visible));
    for (int64_t i = 0; i < columns; i += 16) {
        vf p = K(exp_down)(vload(s + i) - lse);
        if (seen - i < 16) p = keep_first(p, ll_max(0, seen - i), 0);
        if (mask) p = get(mask, LL_F32, i, columns) != 0.0f ? p : (vf)0.0f;
        vstore(s + i, p);
        vstore(dp + i, p * (vload(dp + i) - delta) * scale);
    }
}

/// One (batch, head): the sums over queries in gk and gv have one order.
static void K(attend_backward)(void *context, int64_t task) {
    const attention_call *c = context;
#if LL_PAIRS
    if (c->dtype == LL_BF16) {
        K(attend_backward_pairs)(c, task);
        return;
    }
#endif
    const int64_t w = c->width, wp = up16(w), m = up16(c->m), head = task % c->heads, item = task / c->heads;
    const int64_t most = ll_min(LL_KEY_ROWS, m), tile = LL_QUERY_ROWS * most;
    float *s = ll_scratch(LL_SCRATCH_TILE, 2 * tile + (3 * LL_QUERY_ROWS + 6 * m) * wp), *dp = s + tile;
    float *q_room = dp + tile, *g_room = q_room + LL_QUERY_ROWS * wp, *gq = g_room + LL_QUERY_ROWS * wp;
    float *gk = gq + LL_QUERY_ROWS * wp, *gv = gk + m * wp, *k_room = gv + m * wp, *v_room = k_room + m * wp;
    float *kt = v_room + m * wp, *vt = kt + m * wp;
    int64_t ql, kl, vl, gl;
    const float *k = K(rows_of)(c->k, c->dtype, ll_start(c->ks, item, head, 0), c->ks.position, c->m, w, true, k_room, &kl);
    const float *v = K(rows_of)(c->v, c->dtype, ll_start(c->vs, item, head, 0), c->vs.position, c->m, w, false, v_room, &vl);
    tile_transposed(k, kl, c->m, w, kt);
    tile_transposed(v, vl, c->m, w, vt);
    for (int64_t i = 0; i < 2 * m * wp; i += 16) vstore(gk + i, 0.0f);
    for (int64_t first = 0; first < c->n; first += LL_QUERY_ROWS) {
        const int64_t rows = ll_min(LL_QUERY_ROWS, c->n - first), keys = ll_visible(c, first + rows - 1);
        const float *q =
            K(rows_of)(c->q, c->dtype, ll_start(c->qs, item, head, first), c->qs.position, rows, w, true, q_room, &ql);
        const float *g =
            K(rows_of)(c->gout, c->dtype, ll_start(c->gos, item, head, first), c->gos.position, rows, w, true, g_room, &gl);
        float delta[LL_QUERY_ROWS];
        for (int64_t r = 0; r < rows; r++) {
            const void *out = ll_at(c->out, c->dtype, ll_start(c->os, item, head, first + r));
            vf total = 0;
            for (int64_t i = 0; i < w; i += 16) total = get(g + r * gl, LL_F32, i, w) * get(out, c->dtype, i, w) + total;
            delta[r] = hsum(total);
        }
        if (keys <= 0) for (int64_t i = 0; i < rows * wp; i += 16) vstore(gq + i, 0.0f);
        for (int64_t j = 0; j < keys; j += LL_KEY_ROWS) {
            const int64_t columns = ll_min(LL_KEY_ROWS, keys - j);
            tile_product(rows, columns, w, c->scale, q, ql, 1, kt + j, m, false, s, most);
            tile_product(rows, columns, w, 1, g, gl, 1, vt + j, m, false, dp, most);
            for (int64_t r = 0; r < rows; r++)
                K(gradient_row)(s + r * most, dp + r * most, columns, ll_visible(c, first + r) - j,
                                c->mask ? c->mask + item * c->m + j : NULL, c->lse[task * c->n + first + r], delta[r], c->scale);
            tile_product(columns, w, rows, 1, s, 1, most, g, gl, true, gv + j * wp, wp);
            tile_product(rows, w, columns, 1, dp, most, 1, k + j * kl, kl, j > 0, gq, wp);
            tile_product(columns, w, rows, 1, dp, 1, most, q, ql, true, gk + j * wp, wp);
        }
        K(write_rows)(c->gq, c->dtype, ll_start(c->gqs, item, head, first), c->gqs.position, rows, w, gq);
    }
    K(write_rows)(c->gk, c->dtype, ll_start(c->gks, item, head, 0), c->gks.position, c->m, w, gk);
    K(write_rows)(c->gv, c->dtype, ll_start(c->gvs, item, head, 0), c->gvs.position, c->m, w, gv);
}
