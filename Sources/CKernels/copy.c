// Copies between any two layouts and dtypes.
#include "strided.h"

typedef struct {
    const void *src;
    void *dst;
    int st, dt, turned;   // turned: the axis along which the source is contiguous when that is not the last one
    bool accumulate;
    ll_walk walk;         // operands: source, destination
    ll_cut cut;
} copy_call;

#define LL_TURN_STRIP 64

#define LL_BODY "copy_body.h"
#include "instantiate.h"

void ll_copy(int rank, const int64_t *shape, const void *src, int src_dtype, const int64_t *src_strides,
             void *dst, int dst_dtype, const int64_t *dst_strides, bool accumulate) {
    copy_call c = {src, dst, src_dtype, dst_dtype, -1, accumulate, {0}, {0}};
    const int64_t *strides[] = {src_strides, dst_strides};
    if (!ll_collapse_sorted(rank, shape, 2, strides, 1, &c.walk)) return;
    c.cut = ll_cut_rows(&c.walk);
    int64_t work = c.cut.rows * c.cut.columns;
    const int last = c.walk.rank - 1;
    bool shared = false;   // several source elements meet in one destination: keep them in order, in one thread
    for (int d = 0; d <= last; d++) shared = shared || c.walk.strides[1][d] == 0;
    if (!shared && c.walk.strides[0][last] > 1 && c.walk.strides[1][last] == 1 && c.walk.shape[last] >= 8)
        for (int d = 0; d < last; d++)
            if (c.walk.strides[0][d] == 1 && c.walk.shape[d] >= 4) c.turned = d;
    if (c.turned >= 0) {
        int64_t strips = ll_pieces(c.walk.shape[c.turned], LL_TURN_STRIP);
        ll_run(work, c.cut.rows / c.walk.shape[c.turned] * strips, LL_PICK(turn_task), &c);
    } else {
        ll_run(shared ? 0 : work, ll_cut_tasks(&c.cut), LL_PICK(copy_task), &c);
    }
}
