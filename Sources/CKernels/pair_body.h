// Products of small bf16 matrices by dot products of pairs: 32 bits hold two neighbours along the sum. Element [r, c] is one chain
// of dot products over the pairs, in order, whatever its place and however the product is cut into blocks of registers.
#ifndef LL_PAIR_NAMES
#define LL_PAIR_NAMES
#define pload K(pload_)
#define pstore K(pstore_)
#define pair_dot K(pair_dot_)
#define narrow K(narrow_)
#define woven K(woven_)
#define woven_low K(woven_low_)
#define woven_high K(woven_high_)
#define half_load K(half_load_)
#define half_store K(half_store_)
#define pair_block K(pair_block_)
#define pair_strip K(pair_strip_)
#define pair_product K(pair_product_)
#define pairs_along K(pairs_along_)
#define pairs_across K(pairs_across_)
#define pairs_down K(pairs_down_)
#define up32(n) (((n) + 31) / 32 * 32)
typedef uint16_t v32 __attribute__((ext_vector_type(32)));
enum { LL_PAIR_DEPTH = 64 };   // pairs of a pass over B, so that what the strips of a pass read stays in the first cache
#endif

INLINE vu pload(const uint32_t *p) {
    vu v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}
INLINE void pstore(uint32_t *p, vu v) { __builtin_memcpy(p, &v, sizeof v); }

INLINE vf pair_dot(vf sum, vu a, vu b) { return (vf)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b); }

/// Two vectors of floats as 32 bf16, those of `a` first.
INLINE vu narrow(vf a, vf b) { return (vu)_mm512_cvtne2ps_pbh((__m512)b, (__m512)a); }
/// The first (second) half of the elements of a and of b, as pairs of both.
INLINE vu woven_low(vu a, vu b) {
    return (vu)__builtin_shufflevector((v32)a, (v32)b, 0, 32, 1, 33, 2, 34, 3, 35, 4, 36, 5, 37, 6, 38, 7, 39, 8, 40, 9, 41, 10, 42,
                                       11, 43, 12, 44, 13, 45, 14, 46, 15, 47);
}
INLINE vu woven_high(vu a, vu b) {
    return (vu)__builtin_shufflevector((v32)a, (v32)b, 16, 48, 17, 49, 18, 50, 19, 51, 20, 52, 21, 53, 22, 54, 23, 55, 24, 56, 25, 57,
                                       26, 58, 27, 59, 28, 60, 29, 61, 30, 62, 31, 63);
}
/// Element i of the first half and of the second become pair i.
INLINE vu woven(vu a) {
    return (vu)__builtin_shufflevector((v32)a, (v32)a, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26,
                                       11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/// 32 bf16 as they lie, zeros from `left` on, which are not read.
INLINE vu half_load(const uint16_t *x, int64_t left) {
    if (__builtin_expect(left >= 32, 1)) return pload((const uint32_t *)x);
    return (vu)_mm512_maskz_loadu_epi16(left <= 0 ? 0 : (1u << left) - 1, x);
}
/// Stores the first `left` of 32 bf16.
INLINE void half_store(uint16_t *y, int64_t left, vu v) {
    if (__builtin_expect(left >= 32, 1)) pstore((uint32_t *)y, v);
    else _mm512_mask_storeu_epi16(y, (1u << left) - 1, (__m512i)v);
}

/// Rows of bf16 as pairs along the row, `ld` apart, with zeros beyond the width; an odd last row gets one of zeros after it.
INLINE void pairs_along(const uint16_t *x, int64_t position, int64_t rows, int64_t width, uint32_t *to, int64_t ld) {
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < width; i += 32) pstore(to + r * ld + i / 2, half_load(x + r * position + i, width - i));
    if (rows & 1) for (int64_t i = 0; i < width; i += 32) pstore(to + rows * ld + i / 2, (vu)0u);
}
/// Rows of bf16 two and two: pair [p, i] is elements i of rows 2p and 2p + 1, zeros beyond; `up16(width)` apart.
INLINE void pairs_across(const uint16_t *x, int64_t position, int64_t rows, int64_t width, uint32_t *to) {
    const int64_t ld = up16(width);
    for (int64_t r = 0; r < rows; r += 2)
        for (int64_t i = 0; i < width; i += 32) {
            const vu zero = 0u, a = half_load(x + r * position + i, width - i);
            const vu b = r + 1 < rows ? half_load(x + (r + 1) * position + i, width - i) : zero;
            pstore(to + r / 2 * ld + i, woven_low(a, b));
            if (width - i > 16) pstore(to + r / 2 * ld + i + 16, woven_high(a, b));
        }
}
/// Rows of bf16 turned: pair [p, r] is elements 2p and 2p + 1 of row r, zeros beyond; `up16(rows)` apart. `to` has room for a
/// multiple of 16 pairs.
static __attribute__((unused)) void pairs_down(const uint16_t *x, int64_t position, int64_t rows, int64_t width, uint32_t *to) {
    const int64_t ld = up16(rows);
    for (int64_t r = 0; r < rows; r += 16)
        for (int64_t i = 0; i < width; i += 32) {
            vu v[16];
            for (int l = 0; l < 16; l++) v[l] = r + l < rows ? half_load(x + (r + l) * position + i, width - i) : (vu)0u;
            turn16((vf *)v);
            for (int l = 0; l < 16; l++) pstore(to + (i / 2 + l) * ld + r, v[l]);
        }
}

/// A block of C, `rows` by 16 `vectors`, both constants and all in registers; see tile_block. A's pair [r, p] is a[r rs + p ks].
INLINE void pair_block(int rows, int vectors, int64_t k, float alpha, const uint32_t *a, int64_t rs, int64_t ks,
                       const uint32_t *b, int64_t ldb, bool adds, float *c, int64_t ldc) {
    vf sum[12][4];
    LL_UNROLLED for (int r = 0; r < rows; r++)
        LL_UNROLLED for (int v = 0; v < vectors; v++) sum[r][v] = adds ? vload(c + r * ldc + 16 * v) : (vf)0.0f;
    for (int64_t p = 0; p < k; p++) {
        vu row[4];
        LL_UNROLLED for (int v = 0; v < vectors; v++) row[v] = pload(b + p * ldb + 16 * v);
        LL_UNROLLED for (int r = 0; r < rows; r++) {
            const vu factor = a[r * rs + p * ks];
            LL_UNROLLED for (int v = 0; v < vectors; v++) sum[r][v] = pair_dot(sum[r][v], factor, row[v]);
        }
    }
    LL_UNROLLED for (int r = 0; r < rows; r++)
        LL_UNROLLED for (int v = 0; v < vectors; v++) vstore(c + r * ldc + 16 * v, alpha == 1.0f ? sum[r][v] : alpha * sum[r][v]);
}

INLINE void pair_strip(int height, int vectors, int64_t m, int64_t k, float alpha, const uint32_t *a, int64_t rs, int64_t ks,
                       const uint32_t *b, int64_t ldb, bool adds, float *c, int64_t ldc) {
    int64_t r = 0;
    for (; r + height <= m; r += height)
        pair_block(height, vectors, k, alpha, a + r * rs, rs, ks, b, ldb, adds, c + r * ldc, ldc);
    for (; r + 4 <= m; r += 4) pair_block(4, vectors, k, alpha, a + r * rs, rs, ks, b, ldb, adds, c + r * ldc, ldc);
    for (; r + 2 <= m; r += 2) pair_block(2, vectors, k, alpha, a + r * rs, rs, ks, b, ldb, adds, c + r * ldc, ldc);
    for (; r < m; r++) pair_block(1, vectors, k, alpha, a + r * rs, rs, ks, b, ldb, adds, c + r * ldc, ldc);
}

/// C = alpha A B over k pairs, or C + A B where it `adds` (alpha is then 1). C and B have room for up16(n) columns.
static __attribute__((unused)) void pair_product(int64_t m, int64_t n, int64_t k, float alpha, const uint32_t *a, int64_t rs,
                                                 int64_t ks, const uint32_t *b, int64_t ldb, bool adds, float *c, int64_t ldc) {
    for (int64_t p = 0; p == 0 || p < k;) {
        // Only the last pass may scale, and a scaled product is short enough for one.
        const int64_t depth = alpha == 1.0f ? ll_min(LL_PAIR_DEPTH, k - p) : k;
        int64_t j = 0;
        for (; j + 48 < n; j += 64) pair_strip(6, 4, m, depth, alpha, a, rs, ks, b + j, ldb, adds, c + j, ldc);
        for (; j + 32 < n; j += 48) pair_strip(8, 3, m, depth, alpha, a, rs, ks, b + j, ldb, adds, c + j, ldc);
        for (; j + 16 < n; j += 32) pair_strip(12, 2, m, depth, alpha, a, rs, ks, b + j, ldb, adds, c + j, ldc);
        for (; j < n; j += 16) pair_strip(12, 1, m, depth, alpha, a, rs, ks, b + j, ldb, adds, c + j, ldc);
        p += ll_max(1, depth), a += depth * ks, b += depth * ldb, adds = true;
    }
}
