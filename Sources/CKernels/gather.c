// Rows of tables, and nearest-neighbour upsampling: kernels that only move memory or add rows.
#include "kernels.h"
#include <string.h>

typedef struct {
    int64_t rows, columns, rows_per_task, table_rows;
    const float *source;
    const int32_t *index;
    float *target;
} gather_call;
typedef struct {
    int64_t height, width, channels;
    const void *x;
    void *y;
    int dtype;
} resize_call;

#define LL_SCATTER_STRIP 64   // columns of one task: tasks never share an element, and each adds rows in their order

#define LL_BODY "gather_body.h"
#include "instantiate.h"

static void gather_task(void *context, int64_t task) {
    const gather_call *c = context;
    int64_t first = task * c->rows_per_task, last = ll_min(c->rows, first + c->rows_per_task);
    for (int64_t r = first; r < last; r++)
        memcpy(c->target + r * c->columns, c->source + (int64_t)c->index[r] * c->columns, (size_t)c->columns * 4);
}

void ll_gather(int64_t rows, int64_t columns, const float *table, const int32_t *index, float *y) {
    gather_call c = {rows, columns, ll_rows_per_task(columns), 0, table, index, y};
    ll_run(rows * columns, ll_pieces(rows, c.rows_per_task), gather_task, &c);
}

void ll_scatter_add(int64_t rows, int64_t columns, const float *g, const int32_t *index, int64_t table_rows, float *gtable) {
    gather_call c = {rows, columns, rows, table_rows, g, index, gtable};
    ll_run(rows * columns, ll_pieces(columns, LL_SCATTER_STRIP), LL_PICK(scatter_task), &c);
}

/// One row of the input becomes two equal rows of the output.
static void upsample_task(void *context, int64_t row) {
    const resize_call *c = context;
    const size_t pixel = (size_t)c->channels * ll_size(c->dtype), line = 2 * (size_t)c->width * pixel;
    const char *x = (const char *)c->x + (size_t)row * (size_t)c->width * pixel;
    char *y = (char *)c->y + (size_t)row * 2 * line;
    for (int64_t i = 0; i < c->width; i++) {
        memcpy(y + (size_t)(2 * i) * pixel, x + (size_t)i * pixel, pixel);
        memcpy(y + (size_t)(2 * i + 1) * pixel, x + (size_t)i * pixel, pixel);
    }
    memcpy(y + line, y, line);
}

void ll_upsample2(int64_t batch, int64_t height, int64_t width, int64_t channels, const void *x, void *y, int dtype) {
    resize_call c = {height, width, channels, x, y, dtype};
    ll_run(4 * batch * height * width * channels, batch * height, upsample_task, &c);
}

void ll_upsample2_backward(int64_t batch, int64_t height, int64_t width, int64_t channels, const void *gy, void *gx, int dtype) {
    resize_call c = {height, width, channels, gy, gx, dtype};
    ll_run(4 * batch * height * width * channels, batch * height, LL_PICK(upsample_backward_task), &c);
}
