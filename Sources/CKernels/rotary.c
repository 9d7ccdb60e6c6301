// Rotary positions: pairs of values turned by an angle for each place.
#include "kernels.h"

typedef struct {
    int64_t rows, places, turned, left, half, rows_per_task;
    const void *x;
    const float *cosines, *sines;
    float sign;
    void *y;
    int dtype;
} rotary_call;

#define LL_BODY "rotary_body.h"
#include "instantiate.h"

void ll_rotary(int64_t rows, int64_t places, int64_t turned, int64_t left, int64_t half, const void *x, const float *cosines,
               const float *sines, bool backwards, void *y, int dtype) {
    const int64_t columns = 2 * half * (turned + left);
    rotary_call c = {rows, ll_max(1, places), turned, left, half, ll_rows_per_task(columns), x, cosines, sines,
                     backwards ? -1.0f : 1.0f, y, dtype};
    ll_run(rows * columns, ll_pieces(rows, c.rows_per_task), LL_PICK(rotary_task), &c);
}
