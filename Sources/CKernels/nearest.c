// The nearest code of each row.
#include "kernels.h"
#include <cblas.h>
#include <math.h>

enum { LL_NEAREST_ROWS = 64, LL_CODE_STRIP = 1024 };

typedef struct {
    int64_t rows, codes, columns, codes_per_task;
    const float *x, *codebook;
    int32_t *index;
    float *distance, *lengths, longest;
} nearest_call;

#define LL_BODY "nearest_body.h"
#include "instantiate.h"

void ll_nearest(int64_t rows, int64_t codes, int64_t columns, const float *x, const float *codebook, int32_t *index, float *distance) {
    if (codes == 0 || columns == 0) {   // every distance is an empty sum
        for (int64_t r = 0; r < rows; r++) {
            index[r] = 0;
            if (distance) distance[r] = codes == 0 ? INFINITY : 0.0f;
        }
        return;
    }
    nearest_call c = {rows, codes, columns, ll_rows_per_task(columns), x, codebook, index, distance,
                      ll_scratch(LL_SCRATCH_PARTIALS, codes), 0};
    ll_run(codes * columns, ll_pieces(codes, c.codes_per_task), LL_PICK(lengths_task), &c);
    for (int64_t i = 0; i < codes; i++) if (c.lengths[i] > c.longest) c.longest = c.lengths[i];
    ll_run(rows * codes * columns / 16, ll_pieces(rows, LL_NEAREST_ROWS), LL_PICK(nearest_task), &c);
}
