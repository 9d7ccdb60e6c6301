// A matrix product whose rows are computed one like another: element [r, c] is one chain of multiply-adds over k, in order,
// whatever the row's place and however many rows there are. Used for padded products where OpenBLAS's own kernel (Haswell,
// Zen) rounds differently at different places of a panel.
#ifndef LL_GEMM_NAMES
#define LL_GEMM_NAMES
#define row_block K(row_block_)
#define dot_block K(dot_block_)
#endif

/// `rows` (a constant, at most 6) rows of C, one strip of 16 columns; `strip` is [k, 16].
INLINE void row_block(int rows, int64_t k, const float *a, int64_t row_stride, int64_t k_stride, const float *strip,
                      float alpha, float beta, float *c, int64_t ldc, int64_t columns) {
    vf sum[6] = {0, 0, 0, 0, 0, 0};
    for (int64_t i = 0; i < k; i++) {
        vf b = vload(strip + 16 * i);
        for (int r = 0; r < rows; r++) sum[r] = a[r * row_stride + i * k_stride] * b + sum[r];
    }
    for (int r = 0; r < rows; r++) {
        vf v = alpha * sum[r];
        if (beta != 0.0f) v = beta * get(c + r * ldc, LL_F32, 0, columns) + v;
        put(c + r * ldc, LL_F32, 0, columns, v);
    }
}

/// `rows` by `columns` elements of A B^T (constants), each a sum in 16 lanes over k, then over the lanes: again alike everywhere.
/// Both matrices are read along their rows, so nothing is copied first: what few rows against a large matrix want.
INLINE void dot_block(int rows, int columns, int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb, float *c,
                      int64_t ldc) {
    vf sum[4][4];
    for (int r = 0; r < rows; r++)
        for (int j = 0; j < columns; j++) sum[r][j] = 0;
    for (int64_t i = 0; i < k; i += 16) {
        vf left[4];
        for (int r = 0; r < rows; r++) left[r] = get(a + r * lda, LL_F32, i, k);
        for (int j = 0; j < columns; j++) {
            vf right = get(b + j * ldb, LL_F32, i, k);
            for (int r = 0; r < rows; r++) sum[r][j] = left[r] * right + sum[r][j];
        }
    }
    for (int r = 0; r < rows; r++)
        for (int j = 0; j < columns; j++) c[r * ldc + j] = hsum(sum[r][j]);
}

static void K(dot_columns)(const gemm_call *g, const float *a, const float *b, float *c, int64_t from, int64_t to) {
    enum { SIDE = LL_REGISTERS >= 32 ? 4 : 2 };
    int64_t j = from;
    for (; j < to; j += j + SIDE <= to ? SIDE : 1) {
        const bool wide = j + SIDE <= to;
        const float *right = b + j * g->ldb;
        int64_t r = 0;
        for (; r + SIDE <= g->m; r += SIDE) {
            if (wide) dot_block(SIDE, SIDE, g->k, a + r * g->lda, g->lda, right, g->ldb, c + r * g->ldc + j, g->ldc);
            else dot_block(SIDE, 1, g->k, a + r * g->lda, g->lda, right, g->ldb, c + r * g->ldc + j, g->ldc);
        }
        for (; r < g->m; r++) {
            if (wide) dot_block(1, SIDE, g->k, a + r * g->lda, g->lda, right, g->ldb, c + r * g->ldc + j, g->ldc);
            else dot_block(1, 1, g->k, a + r * g->lda, g->lda, right, g->ldb, c + r * g->ldc + j, g->ldc);
        }
    }
}

static void K(rowwise_panel)(const gemm_call *g, const float *a, const float *b, float *c, int64_t first, int64_t last,
                             int64_t from, int64_t to) {
    const int64_t k = g->k, rs = g->ta ? 1 : g->lda, ks = g->ta ? g->lda : 1;
    float *strip = ll_scratch(LL_SCRATCH_TILE, 16 * k);
    for (int64_t j = from; j < to; j += 16) {
        int64_t columns = ll_min(16, to - j);
        for (int64_t i = 0; i < k; i++) {
            if (!g->tb) put(strip + 16 * i, LL_F32, 0, 16, get(b + i * g->ldb + j, LL_F32, 0, columns));
            else for (int64_t l = 0; l < 16; l++) strip[16 * i + l] = l < columns ? b[(j + l) * g->ldb + i] : 0.0f;
        }
        int64_t r = first;
        for (; r + 6 <= last; r += 6)
            row_block(6, k, a + r * rs, rs, ks, strip, g->alpha, g->beta, c + r * g->ldc + j, g->ldc, columns);
        for (; r < last; r++)
            row_block(1, k, a + r * rs, rs, ks, strip, g->alpha, g->beta, c + r * g->ldc + j, g->ldc, columns);
    }
}
