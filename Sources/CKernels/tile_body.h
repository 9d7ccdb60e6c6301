// Products of small matrices that lie in cache. Element [r, c] is one chain of multiply-adds over k, in order, whatever its place
// and however the product is cut into blocks of registers.
#ifndef LL_TILE_NAMES
#define LL_TILE_NAMES
#define tile_block K(tile_block_)
#define tile_strip K(tile_strip_)
#define tile_product K(tile_product_)
#define tile_transposed K(tile_transposed_)
#define turn16 K(turn16_)
#define up16(n) (((n) + 15) / 16 * 16)
#define LL_UNROLLED _Pragma("clang loop unroll(full)")
#endif

/// A block of C, `rows` by 16 `vectors`, both constants and all in registers. A's element [r, p] is a[r rs + p ks]. Where it
/// `adds`, the chain starts at C; else C becomes alpha times the chain.
INLINE void tile_block(int rows, int vectors, int64_t k, float alpha, const float *a, int64_t rs, int64_t ks, const float *b,
                       int64_t ldb, bool adds, float *c, int64_t ldc) {
    vf sum[12][4];
    LL_UNROLLED for (int r = 0; r < rows; r++)
        LL_UNROLLED for (int v = 0; v < vectors; v++) sum[r][v] = adds ? vload(c + r * ldc + 16 * v) : (vf)0.0f;
    for (int64_t p = 0; p < k; p++) {
        vf row[4];
        LL_UNROLLED for (int v = 0; v < vectors; v++) row[v] = vload(b + p * ldb + 16 * v);
        LL_UNROLLED for (int r = 0; r < rows; r++) {
            vf factor = a[r * rs + p * ks];
            LL_UNROLLED for (int v = 0; v < vectors; v++) sum[r][v] = factor * row[v] + sum[r][v];
        }
    }
    LL_UNROLLED for (int r = 0; r < rows; r++)
        LL_UNROLLED for (int v = 0; v < vectors; v++)
            vstore(c + r * ldc + 16 * v, adds ? sum[r][v] : alpha * sum[r][v]);
}

INLINE void tile_strip(int height, int vectors, int64_t m, int64_t k, float alpha, const float *a, int64_t rs, int64_t ks,
                       const float *b, int64_t ldb, bool adds, float *c, int64_t ldc) {
    int64_t r = 0;
    for (; r + height <= m; r += height)
        tile_block(height, vectors, k, alpha, a + r * rs, rs, ks, b, ldb, adds, c + r * ldc, ldc);
    for (; r + 3 <= m; r += 3) tile_block(3, vectors, k, alpha, a + r * rs, rs, ks, b, ldb, adds, c + r * ldc, ldc);
    for (; r < m; r++) tile_block(1, vectors, k, alpha, a + r * rs, rs, ks, b, ldb, adds, c + r * ldc, ldc);
}

/// C = alpha A B, or C + A B where it `adds` (alpha is then 1). C and B have room for up16(n) columns, B's rows are `ldb` apart.
static __attribute__((unused)) void tile_product(int64_t m, int64_t n, int64_t k, float alpha, const float *a, int64_t rs,
                                                 int64_t ks, const float *b, int64_t ldb, bool adds, float *c, int64_t ldc) {
    int64_t j = 0;
#if LL_REGISTERS >= 32
    for (; j + 48 < n; j += 64) tile_strip(6, 4, m, k, alpha, a, rs, ks, b + j, ldb, adds, c + j, ldc);
    for (; j + 32 < n; j += 48) tile_strip(9, 3, m, k, alpha, a, rs, ks, b + j, ldb, adds, c + j, ldc);
    for (; j + 16 < n; j += 32) tile_strip(12, 2, m, k, alpha, a, rs, ks, b + j, ldb, adds, c + j, ldc);
#endif
    for (; j < n; j += 16) tile_strip(6, 1, m, k, alpha, a, rs, ks, b + j, ldb, adds, c + j, ldc);
}

/// Rows of 16 by 16 become columns.
INLINE void turn16(vf v[16]) {
    vf w[16];
    // Each step turns the index (row, column) by one bit; after four, rows and columns have changed places.
    LL_UNROLLED for (int step = 0; step < 4; step++) {
        LL_UNROLLED for (int l = 0; l < 8; l++) {
            w[2 * l] = __builtin_shufflevector(v[l], v[l + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            w[2 * l + 1] = __builtin_shufflevector(v[l], v[l + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        }
        LL_UNROLLED for (int l = 0; l < 16; l++) v[l] = w[l];
    }
}

/// Columns of x `[rows, width]` as rows of `to` `[width, up16(rows)]`, zero beyond `rows`. `to` has room for up16(width) rows.
static __attribute__((unused)) void tile_transposed(const float *x, int64_t ldx, int64_t rows, int64_t width, float *to) {
    const int64_t ld = up16(rows);
    for (int64_t r = 0; r < rows; r += 16) {
        for (int64_t i = 0; i < width; i += 16) {
            vf v[16];
            for (int l = 0; l < 16; l++) v[l] = r + l < rows ? get(x + (r + l) * ldx, LL_F32, i, width) : (vf)0.0f;
            turn16(v);
            for (int l = 0; l < 16; l++) vstore(to + (i + l) * ld + r, v[l]);
        }
    }
}
