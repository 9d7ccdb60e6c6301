// Matrix products: groups of panels of rows of C, each one single-threaded OpenBLAS call, on the pool.
#include "kernels.h"
#include <cblas.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct gemm_call gemm_call;
struct gemm_call {
    bool ta, tb, padded;
    int64_t m, n, k, lda, a_batch, ldb, b_batch, ldc, c_batch, panel, group, groups, strip, strips;
    float alpha, beta;
    const float *a, *b;
    float *c;
    void (*rowwise)(const gemm_call *, const float *, const float *, float *, int64_t, int64_t, int64_t, int64_t);
    void (*dots)(const gemm_call *, const float *, const float *, float *, int64_t, int64_t);
};

#define LL_BODY "gemm_body.h"
#include "instantiate.h"

static void sgemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, float alpha, const float *a, int64_t lda,
                  const float *b, int64_t ldb, float beta, float *c, int64_t ldc) {
    // OpenBLAS wants leading dimensions of at least 1 and as long as a row even when there is only one row.
    int ca = (int)ll_max(lda, ll_max(1, ta ? m : k)), cb = (int)ll_max(ldb, ll_max(1, tb ? k : n));
    cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k,
                alpha, a, ca, b, cb, beta, c, (int)ll_max(ldc, ll_max(1, n)));
}

// ---- does a row's place in its panel matter to this OpenBLAS kernel? --------------------------------------------------
static bool place_matters;
/// Does the number of rows of a call, beyond LL_SMALL_PRODUCT? If not, many panels may be one call, which packs the other
/// matrix once for all.
static bool height_matters = true;
/// Up to 100³ multiply-adds OpenBLAS may take kernels for small matrices, which round differently.
#define LL_SMALL_PRODUCT (1 << 20)
static pthread_once_t probed = PTHREAD_ONCE_INIT;

/// Computes tall products in one call and in calls of 16 and 64 rows, k above and below OpenBLAS's own block.
static bool depends_on_height(void) {
    enum { M = 320, N = 520, K = 801 };
    float *a = malloc(sizeof(float) * M * K), *b = malloc(sizeof(float) * N * K);
    float *whole = malloc(sizeof(float) * M * N), *parts = malloc(sizeof(float) * M * N);
    bool differs = !a || !b || !whole || !parts;
    for (int i = 0; i < M * K && !differs; i++) a[i] = (float)((i * 6151LL + 7) % 997) / 997.0f - 0.5f;
    for (int i = 0; i < N * K && !differs; i++) b[i] = (float)((i * 7919LL + 13) % 1009) / 1009.0f - 0.5f;
    static const int sizes[][2] = {{N, 131}, {83, K}};   // n, k: even 16 rows are no small product
    for (int s = 0; s < 2 && !differs; s++) {
        const int n = sizes[s][0], k = sizes[s][1];
        for (int kind = 0; kind < 8 && !differs; kind++) {
            const bool ta = kind & 1, tb = kind & 2;
            const int step = kind & 4 ? 16 : 64, lda = ta ? M : k, ldb = tb ? k : n;
            sgemm(ta, tb, M, n, k, 1, a, lda, b, ldb, 0, whole, n);
            for (int r = 0; r < M; r += step)
                sgemm(ta, tb, step, n, k, 1, ta ? a + r : a + r * lda, lda, b, ldb, 0, parts + r * n, n);
            differs = memcmp(whole, parts, sizeof(float) * M * n) != 0;
        }
    }
    free(a), free(b), free(whole), free(parts);
    return differs;
}

static void probe(void) {
    enum { M = 64, N = 81, K = 131 };
    static float a[M * K], b[K * N], c[M * N];
    for (int i = 0; i < K * N; i++) b[i] = (float)((i * 7919 + 13) % 1009) / 1009.0f - 0.5f;
    for (int i = 0; i < M * K; i++) a[i] = (float)((i % K * 6151 + 7) % 997) / 997.0f - 0.5f;
    for (int rows = 16; rows <= M && !place_matters; rows *= 2) {
        sgemm(false, false, rows, N, K, 1, a, K, b, N, 0, c, N);
        for (int r = 1; r < rows; r++) place_matters = place_matters || memcmp(c, c + r * N, sizeof(float) * N) != 0;
    }
    height_matters = place_matters || depends_on_height();
}

// ---- panels -----------------------------------------------------------------------------------------------------------
/// The last panel with zero rows after the real ones, so that the call has the size of every other.
static void padded_panel(const gemm_call *g, const float *a, const float *b, float *c, int64_t rows, int64_t columns) {
    float *copy = ll_scratch(LL_SCRATCH_TILE, g->panel * (g->k + columns)), *result = copy + g->panel * g->k;
    for (int64_t r = 0; r < rows; r++) {
        if (!g->ta) memcpy(copy + r * g->k, a + r * g->lda, (size_t)g->k * 4);
        else for (int64_t i = 0; i < g->k; i++) copy[r * g->k + i] = a[i * g->lda + r];
        if (g->beta != 0) memcpy(result + r * columns, c + r * g->ldc, (size_t)columns * 4);
    }
    memset(copy + rows * g->k, 0, (size_t)((g->panel - rows) * g->k) * 4);
    if (g->beta != 0) memset(result + rows * columns, 0, (size_t)((g->panel - rows) * columns) * 4);
    sgemm(false, g->tb, g->panel, columns, g->k, g->alpha, copy, g->k, b, g->ldb, g->beta, result, columns);
    for (int64_t r = 0; r < rows; r++) memcpy(c + r * g->ldc, result + r * columns, (size_t)columns * 4);
}

static void gemm_task(void *context, int64_t task) {
    const gemm_call *g = context;
    int64_t strip = task % g->strips, item = task / g->strips / g->groups, first = task / g->strips % g->groups * g->group;
    int64_t from = strip * g->strip, columns = strip == g->strips - 1 ? g->n - from : g->strip;
    int64_t rows = ll_min(g->group, g->m - first);
    const float *a = g->a + item * g->a_batch, *b = g->b + item * g->b_batch;
    float *c = g->c + item * g->c_batch;
    if (g->padded && place_matters) {
        g->rowwise(g, a, b, c, first, first + rows, from, from + columns);
        return;
    }
    a += g->ta ? first : first * g->lda;
    b += g->tb ? from * g->ldb : from;
    c += first * g->ldc + from;
    int64_t whole = !g->padded ? rows : g->ta ? 0 : rows / g->panel * g->panel;
    if (whole > 0) sgemm(g->ta, g->tb, whole, columns, g->k, g->alpha, a, g->lda, b, g->ldb, g->beta, c, g->ldc);
    if (whole < rows) padded_panel(g, a + whole * g->lda, b, c + whole * g->ldc, rows - whole, columns);
}

/// Columns that a task of `dots` takes: its part of B stays in cache over the rows of A.
#define LL_DOT_COLUMNS 32

static void dot_task(void *context, int64_t task) {
    const gemm_call *g = context;
    int64_t strips = ll_pieces(g->n, LL_DOT_COLUMNS), item = task / strips, from = task % strips * LL_DOT_COLUMNS;
    g->dots(g, g->a + item * g->a_batch, g->b + item * g->b_batch, g->c + item * g->c_batch, from,
            ll_min(g->n, from + LL_DOT_COLUMNS));
}

/// Panels tall enough for OpenBLAS to be fast, short enough for two threads to share a small product. From m alone.
static int64_t chosen_panel(int64_t m) { return m >= 1024 ? 128 : m > 64 ? 64 : ll_max(1, m); }

/// Rows of one call. Every call packs the whole other matrix, a fifth of the time at 128 rows; two calls for each thread are
/// enough to share the work evenly. The number of threads may be looked at because no bit depends on the rows of a call.
static int64_t chosen_group(const gemm_call *g, int64_t batch) {
    if (height_matters || (g->padded && g->ta) || g->panel * g->strip * g->k < LL_SMALL_PRODUCT) return g->panel;
    int64_t rows = ll_min(512, g->m * batch / (2 * ll_threads()));
    return ll_max(1, rows / g->panel) * g->panel;
}

void ll_gemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, float alpha, const float *a, int64_t lda, int64_t a_batch,
             const float *b, int64_t ldb, int64_t b_batch, float beta, float *c, int64_t ldc, int64_t c_batch,
             int64_t batch, int64_t panel, bool padded) {
    if (m <= 0 || n <= 0 || batch <= 0) return;
    pthread_once(&probed, probe);
    gemm_call g = {ta, tb, padded, m, n, k, lda, a_batch, ldb, b_batch, ldc, c_batch, 0, 0, 0, n, 1, alpha, beta, a, b, c,
                   LL_PICK(rowwise_panel), LL_PICK(dot_columns)};
    // Samples of few rows: packing B would cost more than the product, and dots give a row the same bits without panels.
    if (padded && panel > 0 && panel < 64 && tb && !ta && alpha == 1 && beta == 0) {
        ll_run(batch * m * n * k / 32, batch * ll_pieces(n, LL_DOT_COLUMNS), dot_task, &g);
        return;
    }
    // A padded product's panel must not depend on m.
    g.panel = panel > 0 ? panel : padded ? 64 : chosen_panel(m);
    // Wide products are also cut into strips of columns, by a rule that sees m only where bits may depend on m.
    if (n >= 512 && (padded || ll_pieces(m, g.panel) < 16)) {
        g.strip = n >= 1024 ? 512 : 256;
        g.strips = n / g.strip;   // the last one is longer
    }
    g.group = chosen_group(&g, batch);
    g.groups = ll_pieces(m, g.group);
    // 32768 elements of work are some ten microseconds of an elementwise kernel; so are a million multiply-adds here.
    ll_run(batch * m * n * k / 32, batch * g.groups * g.strips, gemm_task, &g);
}
