// Unary operations and their slopes, fill, select, axpy: flat loops cut into pieces of LL_CHUNK elements.
#include "kernels.h"

typedef struct {
    int op, dtype;
    int64_t n;
    const void *x, *gy;
    void *y;
    float p0, p1;
} unary_call;
typedef struct {
    int64_t n;
    const float *mask, *a, *b;
    float *out;
} select_call;

#define LL_BODY "elementwise_body.h"
#include "instantiate.h"

void ll_unary(int op, int dtype, int64_t n, const void *x, void *y, float p0, float p1) {
    unary_call c = {op, dtype, n, x, NULL, y, p0, p1};
    ll_run(n, ll_pieces(n, LL_CHUNK), LL_PICK(unary_task), &c);
}

void ll_unary_backward(int op, int dtype, int64_t n, const void *x, const void *gy, void *gx, float p0, float p1) {
    unary_call c = {op, dtype, n, x, gy, gx, p0, p1};
    ll_run(n, ll_pieces(n, LL_CHUNK), LL_PICK(unary_backward_task), &c);
}

void ll_fill(int dtype, int64_t n, void *x, float value) {
    unary_call c = {0, dtype, n, NULL, NULL, x, value, 0};
    ll_run(n, ll_pieces(n, LL_CHUNK), LL_PICK(fill_task), &c);
}

void ll_select(int64_t n, const float *mask, const float *a, const float *b, float *out) {
    select_call c = {n, mask, a, b, out};
    ll_run(n, ll_pieces(n, LL_CHUNK), LL_PICK(select_task), &c);
}

void ll_axpy(int64_t n, float scale, const float *x, float *y) {
    unary_call c = {LL_SCALE, LL_F32, n, x, NULL, y, scale, 0};
    ll_run(n, ll_pieces(n, LL_CHUNK), LL_PICK(axpy_task), &c);
}
