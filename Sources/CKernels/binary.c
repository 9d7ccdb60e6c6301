// Binary operations with broadcasting.
#include "strided.h"

typedef struct {
    int op, at, bt, yt;
    const void *a, *b;
    void *y;
    ll_walk walk;
    ll_cut cut;
} binary_call;

#define LL_BODY "binary_body.h"
#include "instantiate.h"

void ll_binary(int op, int rank, const int64_t *shape, const void *a, int a_dtype, const int64_t *a_strides,
               const void *b, int b_dtype, const int64_t *b_strides, void *out, int out_dtype) {
    binary_call c = {op, a_dtype, b_dtype, out_dtype, a, b, out, {0}, {0}};
    const int64_t *strides[] = {a_strides, b_strides};
    if (!ll_collapse(rank, shape, 2, strides, &c.walk)) return;
    c.cut = ll_cut_rows(&c.walk);
    ll_run(c.cut.rows * c.cut.columns, ll_cut_tasks(&c.cut), LL_PICK(binary_task), &c);
}
