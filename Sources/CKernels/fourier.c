// Fourier transforms of rows of real numbers, rows cut out of signals that overlap, and signals at another rate.
#include "kernels.h"
#include <string.h>

#define LL_LANES 16   // rows transformed together, one in each lane of a vector
#define LL_MOST_FACTORS 40

typedef struct {
    int64_t rows, n;
    const float *turns, *x;
    float *y, inner, ends;
    int factors, factor[LL_MOST_FACTORS];
} fourier_call;
typedef struct {
    fourier_call transform;
    int64_t n, frames, hop, bands;
    const float *x, *window, *weights;
    const int32_t *spans;
    float *y;
} bands_call;
typedef struct {
    int64_t length, frames, size, hop;
    const float *x, *window;
    float *y;
} frames_call;

typedef struct {
    int64_t first, count, up, down, taps, outputs_per_task;
    const float *x, *table;
    float *y;
} resample_call;

#define LL_BODY "fourier_body.h"
#include "instantiate.h"

/// Radices of the complex transform of n / 2 points.
static int factorize(int64_t n, int *factor) {
    static const int known[] = {4, 2, 3, 5};
    int count = 0;
    int64_t rest = n / 2;
    for (int i = 0; i < 4; i++)
        for (; rest % known[i] == 0; rest /= known[i]) factor[count++] = known[i];
    return count;
}

static void run(int64_t rows, int64_t n, const float *turns, const float *x, float inner, float ends, float *y, ll_task task) {
    fourier_call c = {rows, n, turns, x, y, inner, ends, 0, {0}};
    c.factors = factorize(n, c.factor);
    ll_run(8 * rows * n, ll_pieces(rows, LL_LANES), task, &c);
}

void ll_fourier(int64_t rows, int64_t n, const float *turns, const float *x, float inner, float ends, float *y) {
    run(rows, n, turns, x, inner, ends, y, LL_PICK(fourier_task));
}

void ll_fourier_back(int64_t rows, int64_t n, const float *turns, const float *x, float inner, float ends, float *y) {
    run(rows, n, turns, x, inner, ends, y, LL_PICK(fourier_back_task));
}

void ll_band_magnitudes(int64_t frames, int64_t n, int64_t hop, int64_t bands, const float *turns, const float *window, const int32_t *spans,
                        const float *weights, const float *x, float *y) {
    bands_call c = {{frames, n, turns, x, y, 1, 1, 0, {0}}, n, frames, hop, bands, x, window, weights, spans, y};
    c.transform.factors = factorize(n, c.transform.factor);
    ll_run(8 * frames * n, ll_pieces(frames, LL_LANES), LL_PICK(bands_task), &c);
}

void ll_frames(int64_t signals, int64_t length, int64_t frames, int64_t size, int64_t hop, const float *x, const float *window, float *y) {
    frames_call c = {length, frames, size, hop, x, window, y};
    ll_run(signals * frames * size, signals * frames, LL_PICK(frames_task), &c);
}

void ll_overlap_add(int64_t signals, int64_t length, int64_t frames, int64_t size, int64_t hop, const float *x, const float *window,
                    float *y) {
    frames_call c = {length, frames, size, hop, x, window, y};
    // A piece belongs to one task, which adds the frames that reach into it in their order.
    ll_run(signals * frames * size, signals * ll_pieces(length, LL_CHUNK), LL_PICK(overlap_task), &c);
}

void ll_resample(int64_t first, int64_t count, int64_t up, int64_t down, int64_t taps, const float *table, const float *x, float *y) {
    resample_call c = {first, count, up, down, taps, ll_rows_per_task(taps), x, table, y};
    ll_run(count * taps, ll_pieces(count, c.outputs_per_task), LL_PICK(resample_task), &c);
}
