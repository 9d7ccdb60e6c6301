// Rows of categorical diffusion: the mixed posterior, the bound's term with its gradient, truncation and draws.
//
// A row's step from a noisier token to a cleaner one is eight numbers (enum ll_categorical): with p the predicted chances of the K
// clean codes, x the row's token, w_k = 1/D_k and S = sum_k p_k w_k,
//     code j:  c_j (keep p_j w_j + replace S)        mask:  masked S
// where w and c have one value at j = x and another elsewhere. Chapman-Kolmogorov makes these sum to 1.
#include "kernels.h"

typedef struct {
    int64_t rows, codes, rows_per_task;
    const float *logits, *steps;
    const int32_t *token, *clean;
    float *out, *gradient;
} categorical_call;
typedef struct {
    int64_t rows, columns, rows_per_task;
    const float *x;
    float share;
    float *y;
    const double *aim;
    int32_t *drawn;
} draw_call;

#define LL_BODY "categorical_body.h"
#include "instantiate.h"

void ll_categorical_posterior(int64_t rows, int64_t codes, const float *logits, const int32_t *token, const float *steps,
                              float *out) {
    categorical_call c = {rows, codes, ll_rows_per_task(codes), logits, steps, token, NULL, out, NULL};
    ll_run(4 * rows * codes, ll_pieces(rows, c.rows_per_task), LL_PICK(posterior_task), &c);
}

void ll_categorical_bound(int64_t rows, int64_t codes, const float *logits, const int32_t *token, const int32_t *clean,
                          const float *steps, float *loss, float *gradient) {
    categorical_call c = {rows, codes, ll_rows_per_task(codes), logits, steps, token, clean, loss, gradient};
    ll_run(4 * rows * codes, ll_pieces(rows, c.rows_per_task), LL_PICK(bound_task), &c);
}

void ll_keep_likely(int64_t rows, int64_t columns, const float *x, float share, float *y) {
    draw_call c = {rows, columns, ll_rows_per_task(columns), x, share, y, NULL, NULL};
    ll_run(8 * rows * columns, ll_pieces(rows, c.rows_per_task), LL_PICK(keep_likely_task), &c);
}

void ll_draw(int64_t rows, int64_t columns, const float *x, const double *aim, int32_t *drawn) {
    draw_call c = {rows, columns, ll_rows_per_task(columns), x, 0, NULL, aim, drawn};
    ll_run(4 * rows * columns, ll_pieces(rows, c.rows_per_task), LL_PICK(draw_task), &c);
}
