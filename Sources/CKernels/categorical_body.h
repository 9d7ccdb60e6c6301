// See categorical.c for the formula. Sums of positive terms only, so nothing cancels; logarithms are floored at LL_LEAST.
#include "math_body.h"
#ifndef LL_CATEGORICAL_NAMES
#define LL_CATEGORICAL_NAMES
#define LL_LEAST -70.0f
#define lanes_from K(lanes_from_)
#define predicted K(predicted_)
#define weighed K(weighed_)
#define cut_of K(cut_of_)
#define weight_at K(weight_at_)
#define factor_at K(factor_at_)
#endif

/// i, i + 1, ... i + 15.
INLINE vi lanes_from(int64_t i) {
    const vi lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return lane + (int32_t)i;
}

/// p = softmax(x) into `p`; returns the logarithm of what the exponentials were divided by.
INLINE float predicted(const float *x, int64_t n, float *p) {
    vf sum = 0;
    float max = row_max(x, LL_F32, n);
    for (int64_t i = 0; i < n; i += 16) {
        vf e = keep_first(vexp(get(x, LL_F32, i, n) - max), n - i, 0);
        put(p, LL_F32, i, n, e);
        sum += e;
    }
    float total = hsum(sum), scale = 1.0f / total;
    for (int64_t i = 0; i < n; i += 16) put(p, LL_F32, i, n, get(p, LL_F32, i, n) * scale);
    return max + logf(total);
}

/// The weights and factors of columns i, i + 1, ...
INLINE vf weight_at(int64_t i, int32_t token, const float *s) {
    return lanes_from(i) == token ? (vf)s[LL_OWN_WEIGHT] : (vf)s[LL_WEIGHT];
}
INLINE vf factor_at(int64_t i, int32_t token, const float *s) {
    return lanes_from(i) == token ? (vf)s[LL_OWN_FACTOR] : (vf)s[LL_FACTOR];
}

/// S = sum of p_k w_k.
INLINE float weighed(const float *p, int64_t n, int32_t token, const float *s) {
    vf sum = 0;
    for (int64_t i = 0; i < n; i += 16) sum += get(p, LL_F32, i, n) * weight_at(i, token, s);
    return hsum(sum);
}

static void K(posterior_task)(void *context, int64_t task) {
    const categorical_call *c = context;
    const int64_t n = c->codes;
    float *p = ll_scratch(LL_SCRATCH_TILE, n + 16);
    for (int64_t r = task * c->rows_per_task, last = ll_min(c->rows, r + c->rows_per_task); r < last; r++) {
        const float *x = c->logits + r * n, *s = c->steps + r * LL_CATEGORICAL_NUMBERS;
        const int32_t token = c->token[r];
        float *y = c->out + r * (n + 1);
        float divisor = predicted(x, n, p), S = weighed(p, n, token, s);
        float rest = s[LL_REPLACE] * S, log_keep = logf(s[LL_KEEP]);
        vf sum = 0;
        float most = -INFINITY;
        for (int64_t i = 0; i < n; i += 16) {
            vf w = weight_at(i, token, s), factor = factor_at(i, token, s);
            // Without replacement the logarithm is the network's own, however small the chance.
            vf v = rest > 0 ? vlog(factor * (s[LL_KEEP] * get(p, LL_F32, i, n) * w + rest))
                            : (get(x, LL_F32, i, n) - divisor) + (log_keep + vlog(w * factor));
            v = keep_first(v, n - i, -INFINITY);
            put(y, LL_F32, i, n, v);
            most = fmaxf(most, hmax(v));
        }
        y[n] = s[LL_MASKED] > 0 ? logf(s[LL_MASKED] * S) : -INFINITY;
        most = fmaxf(most, y[n]);
        // A token that is carried over and that the network calls impossible: it stays all the same.
        if (!(most > -INFINITY)) {
            for (int64_t i = 0; i <= n; i++) y[i] = i == token ? 0.0f : LL_LEAST;
            continue;
        }
        for (int64_t i = 0; i <= n; i += 16) sum += keep_first(vexp(get(y, LL_F32, i, n + 1) - most), n + 1 - i, 0);
        float shift = most + logf(hsum(sum));
        for (int64_t i = 0; i <= n; i += 16) put(y, LL_F32, i, n + 1, vmax((vf)LL_LEAST, get(y, LL_F32, i, n + 1) - shift));
    }
}

/// KL(q || p) of a row and its gradient by the logits, where q is the posterior of the true code and p the mixed one.
static void K(bound_task)(void *context, int64_t task) {
    const categorical_call *c = context;
    const int64_t n = c->codes;
    float *p = ll_scratch(LL_SCRATCH_TILE, n + 16);
    for (int64_t r = task * c->rows_per_task, last = ll_min(c->rows, r + c->rows_per_task); r < last; r++) {
        const float *x = c->logits + r * n, *s = c->steps + r * LL_CATEGORICAL_NUMBERS;
        const int32_t token = c->token[r], clean = c->clean[r];
        float *g = c->gradient + r * n;
        if (clean < 0 || clean >= n) {   // nothing is asked of this row
            c->out[r] = clean < 0 ? 0.0f : NAN;
            for (int64_t i = 0; i < n; i += 16) put(g, LL_F32, i, n, 0.0f);
            continue;
        }
        float divisor = predicted(x, n, p), S = weighed(p, n, token, s);
        const float w_clean = token == clean ? s[LL_OWN_WEIGHT] : s[LL_WEIGHT];
        const float rest = s[LL_REPLACE] * S, true_rest = s[LL_REPLACE] * w_clean;
        vf loss = 0, odds = 0, mass = 0;
        for (int64_t i = 0; i < n; i += 16) {
            vi is_clean = lanes_from(i) == clean;
            vf w = weight_at(i, token, s), factor = factor_at(i, token, s);
            vf mine = get(p, LL_F32, i, n) * (s[LL_KEEP] * w), inner = mine + rest;
            vf true_inner = true_rest + (is_clean ? s[LL_KEEP] * w : (vf)0.0f), q = factor * true_inner;
            q = keep_first(q, n - i, 0);
            // log(true_inner / inner), of the true code without replacement by its own logarithm.
            vf direct = divisor - get(x, LL_F32, i, n);
            vf gap = rest > 0 ? vlog(true_inner) - vlog(inner) : direct;
            vi counts = q > 0.0f;
            loss += counts ? q * vmin((vf)-LL_LEAST, gap) : (vf)0.0f;
            odds += counts && inner > 0.0f ? q / inner : (vf)0.0f;
            mass += q;
            vf ratio = rest > 0 ? mine / inner : (vf)1.0f;
            put(g, LL_F32, i, n, counts ? q * ratio : (vf)0.0f);
        }
        float masked = s[LL_MASKED] * w_clean, value = hsum(loss);
        if (masked > 0) value += masked * logf(w_clean / S);
        // With P = p dL/dp: sum of P is minus the mass of q, for the mixture is linear in p.
        float total = hsum(mass) + masked;
        float shared = (s[LL_REPLACE] > 0 ? s[LL_REPLACE] * hsum(odds) : 0.0f) + (masked > 0 ? masked / S : 0.0f);
        c->out[r] = value;
        for (int64_t i = 0; i < n; i += 16) {
            vf chance = get(p, LL_F32, i, n);
            put(g, LL_F32, i, n, chance * (total - weight_at(i, token, s) * shared) - get(g, LL_F32, i, n));
        }
    }
}

/// The largest threshold above which lies at least `share` of the sum of `p`, found bit by bit: positive floats order as integers.
INLINE float cut_of(const float *p, int64_t n, float share) {
    uint32_t found = 0;
    for (uint32_t bit = 1u << 29; bit; bit >>= 1) {
        uint32_t tried = found | bit;
        float threshold;
        __builtin_memcpy(&threshold, &tried, 4);
        vf sum = 0;
        for (int64_t i = 0; i < n; i += 16) {
            vf v = get(p, LL_F32, i, n);
            sum += v >= threshold ? v : (vf)0.0f;
        }
        if (hsum(sum) >= share) found = tried;
    }
    float threshold;
    __builtin_memcpy(&threshold, &found, 4);
    return threshold;
}

static void K(keep_likely_task)(void *context, int64_t task) {
    const draw_call *c = context;
    const int64_t n = c->columns;
    float *p = ll_scratch(LL_SCRATCH_TILE, n + 16);
    for (int64_t r = task * c->rows_per_task, last = ll_min(c->rows, r + c->rows_per_task); r < last; r++) {
        const float *x = c->x + r * n;
        predicted(x, n, p);
        float cut = cut_of(p, n, c->share);
        cut = fminf(cut, row_max(p, LL_F32, n));   // the likeliest always stays
        for (int64_t i = 0; i < n; i += 16)
            put(c->y + r * n, LL_F32, i, n, get(p, LL_F32, i, n) >= cut ? get(x, LL_F32, i, n) : (vf)-INFINITY);
    }
}

/// The first column at which the running sum of chances exceeds the aim, in double precision.
static void K(draw_task)(void *context, int64_t task) {
    const draw_call *c = context;
    const int64_t n = c->columns;
    float *p = ll_scratch(LL_SCRATCH_TILE, n + 16);
    for (int64_t r = task * c->rows_per_task, last = ll_min(c->rows, r + c->rows_per_task); r < last; r++) {
        const float *x = c->x + r * n;
        float max = row_max(x, LL_F32, n);
        double total = 0, sum = 0;
        for (int64_t i = 0; i < n; i += 16) {
            vf e = keep_first(vexp(get(x, LL_F32, i, n) - max), n - i, 0);
            put(p, LL_F32, i, n, e);
            total += hsum_double(e);
        }
        const double aim = c->aim[r] * total;
        int64_t chosen = 0;
        for (int64_t i = 0; i < n; i++) {
            if (!(p[i] > 0)) continue;
            chosen = i;   // where rounding leaves the sum below the aim, the last that is possible
            if ((sum += p[i]) > aim) break;
        }
        c->drawn[r] = (int32_t)chosen;
    }
}
