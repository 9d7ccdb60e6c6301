// A matrix product whose rows are computed one like another: element [r, c] is one chain of multiply-adds over k, in order,
// whatever the row's place and however many rows there are. Used for padded products where OpenBLAS's own kernel (Haswell,
// Zen) rounds differently at different places of a panel.
#ifndef LL_GEMM_NAMES
#define LL_GEMM_NAMES
#define row_block K(row_block_)
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
