// The contract of every CPU kernel. Row-major, element counts in int64_t, pointers to f32 unless a dtype says otherwise.
// Every kernel has a portable body; AVX2 and AVX-512 bodies (without and with bf16 instructions) are chosen at run time. Results never depend on the number of
// threads: work is cut into fixed pieces, and partial sums are added in a fixed order.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- threads (pool.c) ---------------------------------------------------------------------------------------------
// One pool for everything: libgomp's, which oneDNN uses too. OpenBLAS is called from its tasks, single-threaded.
void ll_set_threads(int count);
/// The pool's size, 1 inside a task of it; also tells OpenMP, whose own setting is per calling thread (call it before oneDNN from a new thread).
int ll_threads(void);
/// Runs body(context, i) for i in 0..<tasks, each once, in any order, on the pool; nested calls run in line.
void ll_parallel(int64_t tasks, void (*body)(void *context, int64_t task), void *context);
/// The same for large independent tasks that call kernels themselves: each task runs on one thread, and so does all it calls.
void ll_shards(int64_t tasks, void (*body)(void *context, int64_t task), void *context);
const char *ll_instruction_set(void);   // "avx512_bf16", "avx512", "avx2", "portable"; LATENTLAB_MAX_ISA lowers it to a later one
/// LATENTLAB_MAX_ISA for calls from this thread: "avx512", "avx2" or "portable"; anything else lifts the limit again.
void ll_limit_instruction_set(const char *name);
const char *ll_blas_kernel(void);       // OpenBLAS core name
bool ll_has_bf16(void);                 // AVX512-BF16 (which every processor with AMX-BF16 has too)

/// SHA-256's compression of `count` blocks of 64 bytes into state [8], by the processor's SHA instructions; constants [64].
/// False, and nothing done, where it has none or the instruction set is limited to the portable one (sha256.c).
bool ll_sha256(uint32_t *state, const void *blocks, int64_t count, const uint32_t *constants);

// ---- dtypes -------------------------------------------------------------------------------------------------------
enum { LL_F32 = 0, LL_BF16 = 1 };
#define LL_MAX_RANK 8

// ---- elementwise (elementwise.c) ----------------------------------------------------------------------------------
enum ll_unary_op {
    LL_NEG, LL_EXP, LL_LOG, LL_SQRT, LL_RSQRT, LL_SQUARE, LL_ABS, LL_TANH, LL_SIGMOID, LL_SILU, LL_GELU /* tanh form */,
    LL_GELU_ERF, LL_RELU, LL_LEAKY_RELU /* slope p0 */, LL_SIN, LL_COS, LL_CLAMP /* p0..p1 */, LL_RECIPROCAL,
    LL_SCALE /* p0 x + p1 */, LL_POWER /* x^p0 */, LL_SOFTPLUS, LL_LOG1P, LL_ERF,
    LL_NONZERO /* x != 0 ? 1 : 0 */, LL_SIGN, LL_FLOOR, LL_ROUND,
    LL_GELU_QUICK /* x sigmoid(1.702 x) */
};
/// y[i] = op(x[i]); x and y contiguous, same dtype; x == y allowed.
void ll_unary(int op, int dtype, int64_t n, const void *x, void *y, float p0, float p1);
/// gx[i] = gy[i] * op'(x[i]); x is the input of the forward call (f32 or bf16), gy and gx have the same dtype as x.
void ll_unary_backward(int op, int dtype, int64_t n, const void *x, const void *gy, void *gx, float p0, float p1);

enum ll_binary_op { LL_ADD, LL_SUB, LL_MUL, LL_DIV, LL_MAX, LL_MIN, LL_EQ, LL_LT, LL_GT, LL_GE };   // comparisons give 1 or 0
/// out = op(a, b) over `shape`; strides in elements (0 broadcasts); out contiguous. Fast for equal-contiguous, scalar and
/// trailing-row broadcasts. a, b, out may each be f32 or bf16; arithmetic in f32.
void ll_binary(int op, int rank, const int64_t *shape, const void *a, int a_dtype, const int64_t *a_strides,
               const void *b, int b_dtype, const int64_t *b_strides, void *out, int out_dtype);
/// dst = src (accumulate: dst += src) over `shape`, any strides, any pair of dtypes. Materialises views, casts, writes slices.
void ll_copy(int rank, const int64_t *shape, const void *src, int src_dtype, const int64_t *src_strides,
             void *dst, int dst_dtype, const int64_t *dst_strides, bool accumulate);
void ll_fill(int dtype, int64_t n, void *x, float value);
/// out[i] = mask[i] != 0 ? a[i] : b[i], all f32, contiguous.
void ll_select(int64_t n, const float *mask, const float *a, const float *b, float *out);
/// y += scale * x, f32.
void ll_axpy(int64_t n, float scale, const float *x, float *y);

// ---- reductions (reduce.c): x viewed as [outer, reduce, inner], result [outer, inner] in f32 ------------------------
enum ll_reduce_op { LL_REDUCE_SUM, LL_REDUCE_MEAN, LL_REDUCE_MAX, LL_REDUCE_MIN };
void ll_reduce(int op, int64_t outer, int64_t reduce, int64_t inner, const void *x, int dtype, float *y);
/// index[o, i] of the largest element along the reduced axis, the first among equals.
void ll_argmax(int64_t outer, int64_t reduce, int64_t inner, const float *x, int32_t *index);
double ll_sum_squares(int64_t n, const float *x);
/// Index of the first NaN or infinity, or -1.
int64_t ll_first_nonfinite(int64_t n, const void *x, int dtype);

// ---- rows: softmax, norms (softmax.c, norm.c) -----------------------------------------------------------------------
/// y = softmax(x) or log softmax along rows of length `columns`; x, y same dtype.
void ll_softmax(int64_t rows, int64_t columns, const void *x, void *y, int dtype, bool logarithm);
/// gx from the OUTPUT y of ll_softmax.
void ll_softmax_backward(int64_t rows, int64_t columns, const void *y, const void *gy, void *gx, int dtype, bool logarithm);
/// loss[r] = logsumexp(x[r]) - x[r, target[r]]; target < 0 gives 0. lse [rows] is kept for the backward call.
void ll_cross_entropy(int64_t rows, int64_t columns, const float *x, const int32_t *target, float *loss, float *lse);
/// gx[r, c] = g[r] * (exp(x - lse) - [c == target]), 0 where target < 0.
void ll_cross_entropy_backward(int64_t rows, int64_t columns, const float *x, const int32_t *target, const float *lse,
                               const float *g, float *gx);

/// y = (x - mean) * rstd (centered) or x * rstd (not centered: RMS norm), then * weight + bias (each [columns], may be NULL),
/// or, with scale/shift given, * (1 + scale[g]) + shift[g] where g = row / rows_per_group and the tables have row stride
/// `table_stride` elements (f32). y has the dtype of x, or is bf16 where x is f32. mean (may be NULL if not centered) and rstd: [rows], saved.
void ll_norm(int64_t rows, int64_t columns, const void *x, int dtype, bool centered, float eps,
             const float *weight, const float *bias,
             const float *scale, const float *shift, int64_t rows_per_group, int64_t table_stride,
             void *y, int y_dtype, float *mean, float *rstd);
/// gx has the dtype of x, gy that of y. gweight/gbias [columns] f32 (NULL: not wanted; overwritten). gscale/gshift [groups, columns] f32
/// contiguous (NULL: not wanted; overwritten). Fixed summation order.
void ll_norm_backward(int64_t rows, int64_t columns, const void *x, const void *gy, int dtype, int y_dtype,
                      bool centered, const float *mean, const float *rstd, const float *weight, const float *scale,
                      int64_t rows_per_group, int64_t table_stride,
                      void *gx, float *gweight, float *gbias, float *gscale, float *gshift);

/// Group norm of x [batch, space, channels], channels-last, statistics over space and channels/groups; then affine, then
/// SiLU if asked. mean, rstd: [batch, groups].
void ll_group_norm(int64_t batch, int64_t space, int64_t channels, int64_t groups, const void *x, int dtype, float eps,
                   const float *weight, const float *bias, bool silu, void *y, float *mean, float *rstd);
void ll_group_norm_backward(int64_t batch, int64_t space, int64_t channels, int64_t groups, const void *x, const void *gy,
                            int dtype, const float *mean, const float *rstd, const float *weight, const float *bias, bool silu,
                            void *gx, float *gweight, float *gbias);

/// y = x + gate[g] * h, rows of `columns`, g = row / rows_per_group, gate f32 with row stride gate_stride.
/// x, h, y may each be f32 or bf16.
void ll_gated_residual(int64_t rows, int64_t columns, const void *x, int x_dtype, const float *gate, int64_t rows_per_group,
                       int64_t gate_stride, const void *h, int h_dtype, void *y, int y_dtype);
/// gh (h's dtype) = gate * gy; ggate[g] = sum over rows of h * gy ([groups, columns] f32, overwritten).
void ll_gated_residual_backward(int64_t rows, int64_t columns, const void *gy, int gy_dtype, const float *gate,
                                int64_t rows_per_group, int64_t gate_stride, const void *h, int h_dtype,
                                void *gh, float *ggate);

/// Rows of `turned` + `left` heads of 2 * half values: value i and i + half of the first `turned` heads become one complex number times
/// cosines + i sines (`[places, half]`, of place row % places), or divided by it where `backwards`; the other heads are copied.
void ll_rotary(int64_t rows, int64_t places, int64_t turned, int64_t left, int64_t half, const void *x, const float *cosines,
               const float *sines, bool backwards, void *y, int dtype);

// ---- categorical diffusion (categorical.c) -------------------------------------------------------------------------
/// The numbers of a row's step; _OWN_ ones count at the row's own token.
enum ll_categorical {
    LL_WEIGHT, LL_OWN_WEIGHT, LL_FACTOR, LL_OWN_FACTOR, LL_KEEP, LL_REPLACE, LL_MASKED, LL_CATEGORICAL_NUMBERS = 8
};
/// out [rows, codes + 1] = log chances of the cleaner token, the mask last, normalised and floored at -70; `steps` has
/// LL_CATEGORICAL_NUMBERS for each row, token = codes is the mask.
void ll_categorical_posterior(int64_t rows, int64_t codes, const float *logits, const int32_t *token, const float *steps,
                              float *out);
/// loss[r] = KL(posterior of the clean code || that of softmax(logits)) and gradient [rows, codes] by the logits; clean < 0 gives 0.
void ll_categorical_bound(int64_t rows, int64_t codes, const float *logits, const int32_t *token, const int32_t *clean,
                          const float *steps, float *loss, float *gradient);
/// y = x where the smallest set of columns with at least `share` of softmax(x) lies, else -inf. Equal columns stay together.
void ll_keep_likely(int64_t rows, int64_t columns, const float *x, float share, float *y);
/// drawn[r] = column of softmax(x[r]) at which the running sum exceeds aim[r] in [0, 1), in double precision.
void ll_draw(int64_t rows, int64_t columns, const float *x, const double *aim, int32_t *drawn);

// ---- signals (fourier.c) --------------------------------------------------------------------------------------------
/// n is even and n / 2 has no prime factor beyond 5.
/// y [rows, 2, n / 2 + 1] = real parts, then imaginary parts of sum_j x[r, j] exp(-2 pi i j k / n), times `ends` at k = 0 and
/// n / 2 and `inner` between. turns [n, 2]: cosine and -sine of 2 pi k / n.
void ll_fourier(int64_t rows, int64_t n, const float *turns, const float *x, float inner, float ends, float *y);
/// y [rows, n]: n times the inverse of x [rows, 2, n / 2 + 1] after the same factors; imaginary parts at k = 0 and n / 2 do not count.
void ll_fourier_back(int64_t rows, int64_t n, const float *turns, const float *x, float inner, float ends, float *y);
/// y [frames, bands]: of frame f, x[f hop ..< f hop + n] times window [n], the sum over a band's bins of weight times magnitude. Band b
/// has spans[2 b + 1] bins from spans[2 b] on; the weights of all bands follow one another.
void ll_band_magnitudes(int64_t frames, int64_t n, int64_t hop, int64_t bands, const float *turns, const float *window, const int32_t *spans,
                        const float *weights, const float *x, float *y);
/// y [signals, frames, size]: frame f is x[f hop ..< f hop + size] of x [signals, length], times window [size] unless that is NULL.
void ll_frames(int64_t signals, int64_t length, int64_t frames, int64_t size, int64_t hop, const float *x, const float *window, float *y);
/// y [signals, length]: the frames of x [signals, frames, size], times the window, added up where they lie. Fixed order.
void ll_overlap_add(int64_t signals, int64_t length, int64_t frames, int64_t size, int64_t hop, const float *x, const float *window,
                    float *y);

/// y[i] = sum_j x[start(first + i) - start(first) + j] table[(first + i) down mod up, j], start(n) = n down / up rounded down;
/// table [up, taps], taps a multiple of 16.
void ll_resample(int64_t first, int64_t count, int64_t up, int64_t down, int64_t taps, const float *table, const float *x, float *y);

// ---- matrix products (gemm.c) -----------------------------------------------------------------------------------------
enum ll_activation { LL_ACT_NONE, LL_ACT_GELU, LL_ACT_GELU_ERF, LL_ACT_SILU, LL_ACT_RELU, LL_ACT_TANH, LL_ACT_SIGMOID,
                     LL_ACT_GELU_QUICK };
/// C[b] = alpha op(A[b]) op(B[b]) + beta C[b] in f32, op = transpose if asked, `lda/ldb/ldc` row strides, batch strides in
/// elements (0 repeats). Cut into panels of `panel` rows of C (0: chosen here); each, or where no bit
/// depends on it several together, is one single-threaded OpenBLAS call. The last panel is computed from a zero-padded copy when
/// `padded`, so that a row's bits depend neither on how many rows there are nor on the row's place (where OpenBLAS's kernel
/// cannot promise that, a slower product of our own takes over). Padded panel 0 is 64.
void ll_gemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, float alpha, const float *a, int64_t lda, int64_t a_batch,
             const float *b, int64_t ldb, int64_t b_batch, float beta, float *c, int64_t ldc, int64_t c_batch,
             int64_t batch, int64_t panel, bool padded);
/// x[r, c] = act(x[r, c] + bias[c]) in place; bias may be NULL; `before` (may be NULL) receives the value before act.
void ll_bias_activation(int64_t rows, int64_t columns, void *x, int dtype, const float *bias, int activation, void *before);
/// g_before = gy * act'(before); gbias[c] = column sums of g_before (NULL: not wanted; overwritten). NONE: `before` unused, and
/// g_before may be NULL (then only gbias is made).
void ll_bias_activation_backward(int64_t rows, int64_t columns, const void *before, const void *gy, int dtype, int activation,
                                 void *g_before, float *gbias);

// ---- attention (attention.c) ------------------------------------------------------------------------------------------
/// out[b, i, h] = softmax_j(scale q[b, i, h] . k[b, j, h] + mask) v[b, j, h]; all tensors f32 or bf16 (`dtype`) [batch, n or m, heads, width]
/// with strides (elements) for batch, position and head; width contiguous. mask [batch, m] f32 1 keep / 0 drop, or NULL. Tiled by query
/// rows: no [n, m] matrix in memory. In bf16, and with instructions for it, what is multiplied is rounded to bf16 (also the exponentials
/// and their gradients), sums stay f32. lse [batch, heads, n] saved. A row with nothing to attend to gives 0 (lse -infinity).
/// causal: query i sees keys 0...i + m - n, so that the last query sees every key.
typedef struct { int64_t batch, position, head; } ll_strides;
void ll_attention(int64_t batch, int64_t heads, int64_t n, int64_t m, int64_t width, float scale, bool causal, int dtype,
                  const void *q, ll_strides qs, const void *k, ll_strides ks, const void *v, ll_strides vs,
                  const float *mask, void *out, ll_strides os, float *lse);
/// Gradients are written (not added) with their own strides, same dtype.
void ll_attention_backward(int64_t batch, int64_t heads, int64_t n, int64_t m, int64_t width, float scale, bool causal, int dtype,
                           const void *q, ll_strides qs, const void *k, ll_strides ks, const void *v, ll_strides vs,
                           const float *mask, const void *out, ll_strides os, const float *lse, const void *gout, ll_strides gos,
                           void *gq, ll_strides gqs, void *gk, ll_strides gks, void *gv, ll_strides gvs);

// ---- gather (gather.c) -------------------------------------------------------------------------------------------------
/// y[r] = table[index[r]], rows of `columns` f32.
void ll_gather(int64_t rows, int64_t columns, const float *table, const int32_t *index, float *y);
/// gtable[index[r]] += g[r]; fixed order whatever the threads.
void ll_scatter_add(int64_t rows, int64_t columns, const float *g, const int32_t *index, int64_t table_rows, float *gtable);
/// index[r] = argmin_c |x[r] - codebook[c]|^2, distance[r] (may be NULL) that minimum; the lowest index among equals.
void ll_nearest(int64_t rows, int64_t codes, int64_t columns, const float *x, const float *codebook, int32_t *index, float *distance);
/// Nearest-neighbour upsampling by 2 of [batch, height, width, channels], and the sum that undoes it.
void ll_upsample2(int64_t batch, int64_t height, int64_t width, int64_t channels, const void *x, void *y, int dtype);
void ll_upsample2_backward(int64_t batch, int64_t height, int64_t width, int64_t channels, const void *gy, void *gx, int dtype);

// ---- randomness (random.c) -----------------------------------------------------------------------------------------------
/// Philox4x32-10 (Salmon et al. 2011): out[0..3] from a 128-bit counter and a 64-bit key.
void ll_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);
/// x[i] for i in 0..<n from counter (i / 4, stream) under `key`: uniform in [0, 1) with 24 bits, or standard normal (Box-Muller).
void ll_random_uniform(int64_t n, uint64_t key, uint64_t stream, float *x);
void ll_random_normal(int64_t n, uint64_t key, uint64_t stream, float *x);

// ---- optimiser (optimizer.c) ------------------------------------------------------------------------------------------------
/// One pass: g *= gradient_scale (clipping, accumulation); AdamW with decoupled decay as PyTorch's; ema (may be NULL) = decay ema + (1 - decay) w.
/// correction1 = 1 - beta1^step, correction2 = 1 - beta2^step. low (may be NULL): the new weights in bf16.
void ll_adamw(int64_t n, float *w, const float *g, float *m, float *v, float *ema, uint16_t *low,
              float gradient_scale, float lr, float beta1, float beta2, float eps, float decay,
              float correction1, float correction2, float ema_decay);

#ifdef __cplusplus
}
#endif
#endif
