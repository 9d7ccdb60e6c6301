// Sixteen rows at a time, element i of all of them in one vector: no step of a transform then crosses lanes.
// The complex transform is Stockham's: each pass takes one radix off and leaves the numbers in order (Van Loan 1992, section 1.7).

#ifndef LL_COMPLEX
#define LL_COMPLEX
typedef struct {
    vf re, im;
} vc;
#endif

INLINE vc K(times)(vc a, float re, float im) { return (vc){a.re * re - a.im * im, a.re * im + a.im * re}; }
INLINE vc K(plus)(vc a, vc b) { return (vc){a.re + b.re, a.im + b.im}; }
INLINE vc K(minus)(vc a, vc b) { return (vc){a.re - b.re, a.im - b.im}; }
/// -i a.
INLINE vc K(turned)(vc a) { return (vc){a.im, -a.re}; }
INLINE vc K(scaled)(vc a, float s) { return (vc){a.re * s, a.im * s}; }

/// a[0..<radix] becomes its own transform.
INLINE void K(butterfly)(vc *a, int radix) {
    if (radix == 2) {
        vc b = a[1];
        a[1] = K(minus)(a[0], b);
        a[0] = K(plus)(a[0], b);
    } else if (radix == 4) {
        vc even = K(plus)(a[0], a[2]), odd = K(minus)(a[0], a[2]), sum = K(plus)(a[1], a[3]), left = K(turned)(K(minus)(a[1], a[3]));
        a[0] = K(plus)(even, sum);
        a[1] = K(plus)(odd, left);
        a[2] = K(minus)(even, sum);
        a[3] = K(minus)(odd, left);
    } else if (radix == 3) {
        vc sum = K(plus)(a[1], a[2]), half = K(minus)(a[0], K(scaled)(sum, 0.5f));
        vc left = K(scaled)(K(turned)(K(minus)(a[1], a[2])), 0.866025403784438647f);
        a[0] = K(plus)(a[0], sum);
        a[1] = K(plus)(half, left);
        a[2] = K(minus)(half, left);
    } else if (radix == 5) {
        const float c1 = 0.309016994374947424f, c2 = -0.809016994374947424f, s1 = 0.951056516295153572f, s2 = 0.587785252292473129f;
        vc s14 = K(plus)(a[1], a[4]), s23 = K(plus)(a[2], a[3]);
        vc d14 = K(turned)(K(minus)(a[1], a[4])), d23 = K(turned)(K(minus)(a[2], a[3]));
        vc p = K(plus)(a[0], K(plus)(K(scaled)(s14, c1), K(scaled)(s23, c2)));
        vc q = K(plus)(a[0], K(plus)(K(scaled)(s14, c2), K(scaled)(s23, c1)));
        vc u = K(plus)(K(scaled)(d14, s1), K(scaled)(d23, s2)), v = K(minus)(K(scaled)(d14, s2), K(scaled)(d23, s1));
        a[0] = K(plus)(a[0], K(plus)(s14, s23));
        a[1] = K(plus)(p, u);
        a[4] = K(minus)(p, u);
        a[2] = K(plus)(q, v);
        a[3] = K(minus)(q, v);
    }
}

/// One pass: transforms of `left` points are still to be done, `done` of them side by side. turns[2k] + i turns[2k + 1] = exp(-2 pi i k / n), n = 2 left done.
INLINE void K(pass)(int radix, int64_t left, int64_t done, const float *turns, const vc *x, vc *y) {
    const int64_t part = left / radix;
    for (int64_t p = 0; p < part; p++) {
        const int64_t step = 4 * p * done;
        for (int64_t q = 0; q < done; q++) {
            vc a[5];
            for (int j = 0; j < radix; j++) a[j] = x[q + done * (p + part * j)];
            K(butterfly)(a, radix);
            y[q + done * radix * p] = a[0];
            for (int j = 1; j < radix; j++) y[q + done * (radix * p + j)] = K(times)(a[j], turns[j * step], turns[j * step + 1]);
        }
    }
}

/// The transform of the m points at x, which end up where the result points: x or y.
INLINE vc *K(complex_transform)(const fourier_call *c, vc *x, vc *y) {
    const int64_t m = c->n / 2;
    int64_t left = m, done = 1;
    for (int i = 0; i < c->factors; i++) {
        const int radix = c->factor[i];
        if (radix == 4) K(pass)(4, left, done, c->turns, x, y);
        else if (radix == 2) K(pass)(2, left, done, c->turns, x, y);
        else if (radix == 3) K(pass)(3, left, done, c->turns, x, y);
        else K(pass)(5, left, done, c->turns, x, y);
        vc *other = x;
        x = y;
        y = other;
        left /= radix;
        done *= radix;
    }
    return x;
}

/// Row i, column j to row j, column i.
INLINE void K(transpose)(vf *r) {
#define LL_STAGE(d, L, H)                                                                                                            \
    for (int i = 0; i < 16; i++)                                                                                                     \
        if (!(i & d)) {                                                                                                              \
            vf a = r[i], b = r[i + d];                                                                                               \
            r[i] = __builtin_shufflevector(a, b, L);                                                                                 \
            r[i + d] = __builtin_shufflevector(a, b, H);                                                                             \
        }
#define LL_LIST(...) __VA_ARGS__
    LL_STAGE(8, LL_LIST(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),
             LL_LIST(8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
    LL_STAGE(4, LL_LIST(0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27),
             LL_LIST(4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31))
    LL_STAGE(2, LL_LIST(0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29),
             LL_LIST(2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31))
    LL_STAGE(1, LL_LIST(0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30),
             LL_LIST(1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31))
#undef LL_STAGE
#undef LL_LIST
}

/// Sixteen rows of n numbers, `rows` of which there are, as n vectors; `step` vectors lie between one and the next.
INLINE void K(load_rows)(const float *x, int64_t n, int64_t stride, int64_t rows, vf *out, int64_t step) {
    for (int64_t i = 0; i < n; i += 16) {
        vf r[16];
        for (int64_t l = 0; l < 16; l++) r[l] = l < rows ? get(x + l * stride, LL_F32, i, n) : (vf)0;
        K(transpose)(r);
        for (int64_t l = 0; l < ll_min(16, n - i); l++) out[(i + l) * step] = r[l];
    }
}
INLINE void K(store_rows)(float *y, int64_t n, int64_t stride, int64_t rows, const vf *in, int64_t step) {
    for (int64_t i = 0; i < n; i += 16) {
        vf r[16];
        for (int64_t l = 0; l < 16; l++) r[l] = i + l < n ? in[(i + l) * step] : (vf)0;
        K(transpose)(r);
        for (int64_t l = 0; l < rows; l++) put(y + l * stride, LL_F32, i, n, r[l]);
    }
}

/// Bin k of sixteen rows of n = 2 m numbers, from the transform z of m points whose real parts are a row's even numbers and whose
/// imaginary parts are its odd ones.
INLINE vc K(bin)(const vc *z, int64_t k, int64_t m, const float *turns, float factor) {
    vc a = z[k == m ? 0 : k], b = z[k == 0 ? 0 : m - k];
    b.im = -b.im;
    vc odd = K(turned)(K(times)(K(minus)(a, b), turns[2 * k], turns[2 * k + 1]));
    return K(scaled)(K(plus)(K(plus)(a, b), odd), 0.5f * factor);
}

static void K(fourier_task)(void *context, int64_t task) {
    const fourier_call *c = context;
    const int64_t n = c->n, m = n / 2, bins = m + 1, rows = ll_min(LL_LANES, c->rows - task * LL_LANES);
    vc *x = (vc *)ll_scratch(LL_SCRATCH_TILE, (2 * m + bins) * 2 * LL_LANES), *y = x + m, *out = y + m;
    K(load_rows)(c->x + task * LL_LANES * n, n, n, rows, &x->re, 1);
    const vc *z = K(complex_transform)(c, x, y);
    for (int64_t k = 0; k <= m; k++) out[k] = K(bin)(z, k, m, c->turns, k == 0 || k == m ? c->ends : c->inner);
    float *to = c->y + task * LL_LANES * 2 * bins;
    K(store_rows)(to, bins, 2 * bins, rows, &out->re, 2);
    K(store_rows)(to + bins, bins, 2 * bins, rows, &out->im, 2);
}

// Sixteen frames from the signal to their bands without leaving the cache.
static void K(bands_task)(void *context, int64_t task) {
    const bands_call *c = context;
    const int64_t n = c->n, m = n / 2, bins = m + 1, rows = ll_min(LL_LANES, c->frames - task * LL_LANES);
    vc *x = (vc *)ll_scratch(LL_SCRATCH_TILE, (4 * m + bins + c->bands) * LL_LANES), *y = x + m;
    vf *size = (vf *)(y + m), *out = size + bins, *row = &x->re;
    K(load_rows)(c->x + task * LL_LANES * c->hop, n, c->hop, rows, row, 1);
    for (int64_t i = 0; i < n; i++) row[i] *= c->window[i];
    const fourier_call transform = c->transform;
    const vc *z = K(complex_transform)(&transform, x, y);
    for (int64_t k = 0; k <= m; k++) {
        vc v = K(bin)(z, k, m, transform.turns, 1);
        size[k] = __builtin_elementwise_sqrt(v.re * v.re + v.im * v.im);
    }
    const float *weight = c->weights;
    for (int64_t b = 0; b < c->bands; b++) {
        const vf *from = size + c->spans[2 * b];
        const int64_t count = c->spans[2 * b + 1];
        vf even = 0, odd = 0;
        int64_t j = 0;
        for (; j + 1 < count; j += 2) {
            even += from[j] * weight[j];
            odd += from[j + 1] * weight[j + 1];
        }
        if (j < count) even += from[j] * weight[j];
        out[b] = even + odd;
        weight += count;
    }
    K(store_rows)(c->y + task * LL_LANES * c->bands, c->bands, c->bands, rows, out, 1);
}

// The same read backwards; real and imaginary parts change places before and after, which turns the transform's sign.
static void K(fourier_back_task)(void *context, int64_t task) {
    const fourier_call *c = context;
    const int64_t n = c->n, m = n / 2, bins = m + 1, rows = ll_min(LL_LANES, c->rows - task * LL_LANES);
    vc *x = (vc *)ll_scratch(LL_SCRATCH_TILE, (2 * m + bins) * 2 * LL_LANES), *y = x + m, *in = y + m;
    const float *from = c->x + task * LL_LANES * 2 * bins;
    K(load_rows)(from, bins, 2 * bins, rows, &in->re, 2);
    K(load_rows)(from + bins, bins, 2 * bins, rows, &in->im, 2);
    for (int64_t k = 0; k <= m; k++) in[k] = K(scaled)(in[k], k == 0 || k == m ? c->ends : c->inner);
    in[0].im = in[m].im = 0;
    for (int64_t k = 0; k < m; k++) {
        vc a = in[k], b = in[m - k];
        b.im = -b.im;
        vc even = K(plus)(a, b), odd = K(times)(K(minus)(a, b), c->turns[2 * k], -c->turns[2 * k + 1]);
        x[k] = (vc){even.im + odd.re, even.re - odd.im};   // even + i odd, its parts exchanged
    }
    vc *z = K(complex_transform)(c, x, y);
    for (int64_t k = 0; k < m; k++) z[k] = (vc){z[k].im, z[k].re};
    K(store_rows)(c->y + task * LL_LANES * n, n, n, rows, &z->re, 1);
}

static void K(frames_task)(void *context, int64_t task) {
    const frames_call *c = context;
    const float *x = c->x + task / c->frames * c->length + task % c->frames * c->hop;
    float *y = c->y + task * c->size;
    for (int64_t i = 0; i < c->size; i += 16) {
        vf v = get(x, LL_F32, i, c->size);
        put(y, LL_F32, i, c->size, c->window ? v * get(c->window, LL_F32, i, c->size) : v);
    }
}

static void K(overlap_task)(void *context, int64_t task) {
    const frames_call *c = context;
    const int64_t pieces = ll_pieces(c->length, LL_CHUNK), signal = task / pieces;
    const int64_t from = task % pieces * LL_CHUNK, to = ll_min(c->length, from + LL_CHUNK);
    float *y = c->y + signal * c->length;
    memset(y + from, 0, (size_t)(to - from) * sizeof(float));
    const int64_t first = from < c->size ? 0 : (from - c->size) / c->hop + 1, last = ll_min(c->frames, ll_pieces(to, c->hop));
    for (int64_t f = first; f < last; f++) {
        const float *x = c->x + (signal * c->frames + f) * c->size;
        const int64_t start = f * c->hop, a = ll_max(from, start), b = ll_min(to, start + c->size);
        for (int64_t i = a; i < b; i += 16) {
            vf v = get(x, LL_F32, i - start, b - start);
            if (c->window) v *= get(c->window, LL_F32, i - start, b - start);
            put(y, LL_F32, i, b, get(y, LL_F32, i, b) + v);
        }
    }
}

static void K(resample_task)(void *context, int64_t task) {
    const resample_call *c = context;
    const int64_t start = c->first * c->down / c->up, last = ll_min(c->count, (task + 1) * c->outputs_per_task);
    for (int64_t i = task * c->outputs_per_task; i < last; i++) {
        const int64_t at = (c->first + i) * c->down;
        const float *x = c->x + at / c->up - start, *w = c->table + at % c->up * c->taps;
        vf a = 0, b = 0;
        int64_t j = 0;
        for (; j + 32 <= c->taps; j += 32) {
            a += vload(x + j) * vload(w + j);
            b += vload(x + j + 16) * vload(w + j + 16);
        }
        if (j < c->taps) a += vload(x + j) * vload(w + j);
        c->y[i] = hsum(a + b);
    }
}
