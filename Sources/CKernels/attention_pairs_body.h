// Attention in bf16 by dot products of pairs: operands, exponentials and their gradients are rounded to bf16, scores and sums stay
// f32. Scores are kept in units of log 2, so that exponentials are powers of two.
#include "coarse_body.h"
#include "pair_body.h"

#define LL_LOG_2 0.693147181f

/// Rows of f32, `up16(width)` apart, each times its factor, as bf16. A factor of 0 gives 0.
INLINE void K(narrowed_rows)(uint16_t *y, int64_t position, int64_t rows, int64_t width, const float *x, const float *factor) {
    const int64_t ld = up16(width);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < width; i += 32) {
            const vf zero = 0.0f, f = factor ? factor[r] : 1.0f, b = width - i > 16 ? vload(x + r * ld + i + 16) : zero;
            vu v = narrow(f * vload(x + r * ld + i), f * b);
            half_store(y + r * position + i, width - i, factor && factor[r] == 0.0f ? (vu)0u : v);
        }
}

/// The largest element of each of 16 vectors, and their sums: cheaper together, since each alone is a chain of shuffles.
INLINE vf K(row_maxima)(vf v[16]) {
    turn16(v);
    LL_UNROLLED for (int step = 8; step > 0; step /= 2)
        LL_UNROLLED for (int l = 0; l < step; l++) v[l] = vmax(v[l], v[l + step]);
    return v[0];
}
INLINE vf K(row_sums)(vf v[16]) {
    turn16(v);
    LL_UNROLLED for (int step = 8; step > 0; step /= 2)
        LL_UNROLLED for (int l = 0; l < step; l++) v[l] = v[l] + v[l + step];
    return v[0];
}

/// Lane by lane the largest scores of a row. What the row must not see becomes -infinity, up to a multiple of 32 columns.
INLINE vf K(row_top)(float *s, int64_t columns, int64_t visible, const float *mask) {
    const int64_t seen = ll_max(0, ll_min(columns, visible)), whole = seen / 16 * 16;
    vf top = -INFINITY;
    if (mask)
        for (int64_t i = 0; i < columns; i += 16)
            vstore(s + i, get(mask, LL_F32, i, columns) != 0.0f ? vload(s + i) : (vf)-INFINITY);
    for (int64_t i = 0; i < whole; i += 16) top = vmax(vload(s + i), top);
    for (int64_t i = whole; i < up32(columns); i += 16) {
        vf v = keep_first(vload(s + i), ll_max(0, seen - i), -INFINITY);
        vstore(s + i, v);
        top = vmax(v, top);
    }
    return top;
}
/// Powers of two relative to `base` replace a row's scores as pairs of bf16 along it; returns their sum, lane by lane.
INLINE vf K(row_powers)(float *s, int64_t columns, float base) {
    vf total = 0;
    for (int64_t i = 0; i < columns; i += 32) {
        vf a = power_of_two(vload(s + i) - base), b = power_of_two(vload(s + i + 16) - base);
        total = total + a + b;
        pstore((uint32_t *)s + i / 2, narrow(a, b));
    }
    return total;
}
/// The running softmax over a tile of scores `[rows, ld]`, 16 rows at a time so that they are reduced together. `max` and `sum`
/// have room for a multiple of 16 rows. `sums` [rows, wp] is what was summed before, scaled where a maximum grew.
INLINE void K(running_tile)(const attention_call *c, int64_t item, int64_t query, int64_t j, int64_t rows, int64_t columns, float *s,
                            int64_t ld, float *max, float *sum, float *sums, int64_t wp) {
    for (int64_t first = 0; first < rows; first += 16) {
        const int64_t count = ll_min(16, rows - first);
        const float *mask = c->mask ? c->mask + item * c->m + j : NULL;
        const vf zero = 0.0f;
        vf v[16];
        float base[16], factor[16];
        for (int64_t r = 0; r < count; r++)
            v[r] = K(row_top)(s + (first + r) * ld, columns, ll_visible(c, query + first + r) - j, mask);
        for (int64_t r = count; r < 16; r++) v[r] = -INFINITY;
        const vf old = vload(max + first), new = vmax(K(row_maxima)(v), old), from = new == -INFINITY ? zero : new;
        const vf change = old == -INFINITY ? zero : power_of_two(old - from);
        vstore(max + first, new);
        vstore(base, from);
        vstore(factor, change);
        for (int64_t r = 0; r < count; r++) v[r] = K(row_powers)(s + (first + r) * ld, columns, base[r]);
        for (int64_t r = count; r < 16; r++) v[r] = 0.0f;
        vstore(sum + first, vload(sum + first) * change + K(row_sums)(v));
        for (int64_t r = 0; j > 0 && r < count; r++) {
            float *row = sums + (first + r) * wp;
            for (int64_t l = 0; l < wp && factor[r] != 1.0f; l += 16) vstore(row + l, factor[r] * vload(row + l));
        }
    }
}

static void K(attend_pairs)(const attention_call *c, int64_t task) {
    const int64_t w = c->width, wp = up16(w), pairs = (w + 1) / 2, pp = up16(pairs);
    const int64_t begin = task % c->blocks * LL_TASK_ROWS, end = ll_min(c->n, begin + LL_TASK_ROWS), count = end - begin;
    const int64_t head = task / c->blocks % c->heads, item = task / c->blocks / c->heads, most = ll_min(LL_KEY_ROWS, up32(c->m));
    float *s = ll_scratch(LL_SCRATCH_TILE, LL_PAIR_QUERIES * most + LL_TASK_ROWS * (wp + pp) + most * (pp + wp / 2));
    float *acc = s + LL_PAIR_QUERIES * most;
    uint32_t *q = (uint32_t *)(acc + LL_TASK_ROWS * wp), *k = q + LL_TASK_ROWS * pp, *v = k + most * pp;
    float max[LL_TASK_ROWS], sum[LL_TASK_ROWS];
    for (int64_t r = 0; r < up16(count); r++) max[r] = -INFINITY, sum[r] = 0;
    const uint16_t *ks = (const uint16_t *)c->k + ll_start(c->ks, item, head, 0);
    const uint16_t *vs = (const uint16_t *)c->v + ll_start(c->vs, item, head, 0);
    pairs_along((const uint16_t *)c->q + ll_start(c->qs, item, head, begin), c->qs.position, count, w, q, pp);
    const int64_t keys = ll_visible(c, end - 1);
    for (int64_t j = 0; j < keys; j += LL_KEY_ROWS) {
        const int64_t chunk = ll_min(LL_KEY_ROWS, keys - j), ld = up32(chunk);
        pairs_down(ks + j * c->ks.position, c->ks.position, chunk, w, k);
        pairs_across(vs + j * c->vs.position, c->vs.position, chunk, w, v);
        for (int64_t first = 0; first < count; first += LL_PAIR_QUERIES) {
            const int64_t rows = ll_min(LL_PAIR_QUERIES, count - first);
            const int64_t columns = ll_min(chunk, ll_visible(c, begin + first + rows - 1) - j);
            if (columns <= 0) continue;
            float *sums = acc + first * wp;
            pair_product(rows, columns, pairs, c->scale * LL_LOG2_E, q + first * pp, pp, 1, k, up16(chunk), false, s, ld);
            K(running_tile)(c, item, begin + first, j, rows, columns, s, ld, max + first, sum + first, sums, wp);
            pair_product(rows, w, (columns + 1) / 2, 1, (const uint32_t *)s, ld, 1, v, wp, j > 0, sums, wp);
        }
    }
    for (int64_t r = 0; r < count; r += 16) {
        const vf total = vload(sum + r), zero = 0.0f;
        put(c->lse + (item * c->heads + head) * c->n + begin, LL_F32, r, count, vload(max + r) * LL_LOG_2 + vlog(total));
        vstore(sum + r, total != 0.0f ? 1.0f / total : zero);
    }
    K(narrowed_rows)((uint16_t *)c->y + ll_start(c->os, item, head, begin), c->os.position, count, w, acc, sum);
}

// ---- backward -----------------------------------------------------------------------------------------------------------
/// One row of probabilities from scores, at columns i..<i+16.
INLINE vf K(probability)(const float *s, int64_t i, int64_t columns, int64_t seen, const float *mask, float lse) {
    vf p = power_of_two(vload(s + i) - lse);
    if (seen - i < 16) p = keep_first(p, ll_max(0, seen - i), 0);
    if (mask) p = get(mask, LL_F32, i, columns) != 0.0f ? p : (vf)0.0f;
    return p;
}

/// What the gradients' products need of rows r and r + 1: probabilities and gradients of scores as pairs across the two rows, and
/// the latter also along each.
INLINE void K(gradient_pairs)(const float *s, const float *dp, int64_t ld, int64_t columns, const int64_t *seen, const float *mask,
                              const float *lse, const float *delta, float scale, uint32_t *p_across, uint32_t *d_across,
                              uint32_t *d_along) {
    for (int64_t i = 0; i < columns; i += 16) {
        vf p0 = K(probability)(s, i, columns, seen[0], mask, lse[0]), p1 = K(probability)(s + ld, i, columns, seen[1], mask, lse[1]);
        vf d0 = p0 * (vload(dp + i) - delta[0]) * scale, d1 = p1 * (vload(dp + ld + i) - delta[1]) * scale;
        vu d = narrow(d0, d1);
        pstore(p_across + i, woven(narrow(p0, p1)));
        pstore(d_across + i, woven(d));
        __builtin_memcpy(d_along + i / 2, &d, 32);
        __builtin_memcpy(d_along + (ld + i) / 2, (const char *)&d + 32, 32);
    }
}

/// gout out^T of up to 16 rows, 0 for the rest.
INLINE vf K(gradient_sums)(const uint16_t *g, int64_t g_position, const uint16_t *out, int64_t out_position, int64_t rows,
                           int64_t width) {
    vf v[16];
    for (int64_t r = 0; r < 16; r++) {
        v[r] = 0.0f;
        for (int64_t i = 0; r < rows && i < width; i += 32)
            v[r] = pair_dot(v[r], half_load(g + r * g_position + i, width - i), half_load(out + r * out_position + i, width - i));
    }
    return K(row_sums)(v);
}

static void K(attend_backward_pairs)(const attention_call *c, int64_t task) {
    const int64_t w = c->width, wp = up16(w), pairs = (w + 1) / 2, pp = up16(pairs), m = up16(c->m);
    const int64_t head = task % c->heads, item = task / c->heads, ld = ll_min(LL_PAIR_KEYS, up32(c->m)), tile = LL_PAIR_ROWS * ld;
    float *s = ll_scratch(LL_SCRATCH_TILE, 7 * tile / 2 + LL_PAIR_ROWS * 2 * (pp + wp) + m * (5 * wp / 2 + 2 * pp));
    float *dp = s + tile, *gq = dp + tile, *gk = gq + LL_PAIR_ROWS * wp, *gv = gk + m * wp;
    uint32_t *p_across = (uint32_t *)(gv + m * wp), *d_across = p_across + tile / 2, *d_along = d_across + tile / 2;
    uint32_t *q = d_along + tile / 2, *g = q + LL_PAIR_ROWS * pp, *q_across = g + LL_PAIR_ROWS * pp;
    uint32_t *g_across = q_across + LL_PAIR_ROWS * wp / 2, *k = g_across + LL_PAIR_ROWS * wp / 2, *v = k + m * pp;
    uint32_t *k_across = v + m * pp;
    const uint16_t *ks = (const uint16_t *)c->k + ll_start(c->ks, item, head, 0);
    const uint16_t *vs = (const uint16_t *)c->v + ll_start(c->vs, item, head, 0);
    pairs_down(ks, c->ks.position, c->m, w, k);
    pairs_across(ks, c->ks.position, c->m, w, k_across);
    pairs_down(vs, c->vs.position, c->m, w, v);
    // Where every query sees every key, the first tile writes all there is.
    const bool blank = c->causal || c->n == 0;
    if (blank) for (int64_t i = 0; i < 2 * m * wp; i += 16) vstore(gk + i, 0.0f);
    for (int64_t first = 0; first < c->n; first += LL_PAIR_ROWS) {
        const int64_t rows = ll_min(LL_PAIR_ROWS, c->n - first), keys = ll_visible(c, first + rows - 1), even = (rows + 1) / 2 * 2;
        const uint16_t *qs = (const uint16_t *)c->q + ll_start(c->qs, item, head, first);
        const uint16_t *gs = (const uint16_t *)c->gout + ll_start(c->gos, item, head, first);
        const uint16_t *out = (const uint16_t *)c->out + ll_start(c->os, item, head, first);
        pairs_along(qs, c->qs.position, rows, w, q, pp);
        pairs_along(gs, c->gos.position, rows, w, g, pp);
        pairs_across(qs, c->qs.position, rows, w, q_across);
        pairs_across(gs, c->gos.position, rows, w, g_across);
        float delta[LL_PAIR_ROWS], lse[LL_PAIR_ROWS];
        for (int64_t r = 0; r < rows; r += 16) {
            vstore(delta + r, K(gradient_sums)(gs + r * c->gos.position, c->gos.position, out + r * c->os.position, c->os.position,
                                               rows - r, w));
            vstore(lse + r, keep_first(get(c->lse + task * c->n + first, LL_F32, r, rows) * LL_LOG2_E, rows - r, -INFINITY));
        }
        if (keys <= 0) for (int64_t i = 0; i < rows * wp; i += 16) vstore(gq + i, 0.0f);
        for (int64_t j = 0; j < keys; j += LL_PAIR_KEYS) {
            const int64_t columns = ll_min(LL_PAIR_KEYS, keys - j);
            pair_product(even, columns, pairs, c->scale * LL_LOG2_E, q, pp, 1, k + j, m, false, s, ld);
            pair_product(even, columns, pairs, 1, g, pp, 1, v + j, m, false, dp, ld);
            for (int64_t r = 0; r < even; r += 2) {
                int64_t seen[2];
                for (int l = 0; l < 2; l++)
                    seen[l] = lse[r + l] == -INFINITY ? 0 : ll_max(0, ll_min(columns, ll_visible(c, first + r + l) - j));
                K(gradient_pairs)(s + r * ld, dp + r * ld, ld, columns, seen, c->mask ? c->mask + item * c->m + j : NULL, lse + r,
                                  delta + r, c->scale, p_across + r / 2 * ld, d_across + r / 2 * ld, d_along + r * ld / 2);
            }
            pair_product(columns, w, even / 2, 1, p_across, 1, ld, g_across, wp, blank || first > 0, gv + j * wp, wp);
            pair_product(columns, w, even / 2, 1, d_across, 1, ld, q_across, wp, blank || first > 0, gk + j * wp, wp);
            pair_product(rows, w, (columns + 1) / 2, 1, d_along, ld / 2, 1, k_across + j / 2 * wp, wp, j > 0, gq, wp);
        }
        K(narrowed_rows)((uint16_t *)c->gq + ll_start(c->gqs, item, head, first), c->gqs.position, rows, w, gq, NULL);
    }
    K(narrowed_rows)((uint16_t *)c->gk + ll_start(c->gks, item, head, 0), c->gks.position, c->m, w, gk, NULL);
    K(narrowed_rows)((uint16_t *)c->gv + ll_start(c->gvs, item, head, 0), c->gvs.position, c->m, w, gv, NULL);
}
