// out = op(a, b) along one row; a and b step by 1, by 0 (one value for the whole row) or by anything else.
#ifndef LL_BINARY_NAMES
#define LL_BINARY_NAMES
#define binary_value K(binary_value_)
#define stepped K(stepped_)
#endif

INLINE vf binary_value(int op, vf a, vf b) {
    const vf zero = 0.0f, one = 1.0f;
    switch (op) {
    case LL_ADD: return a + b;
    case LL_SUB: return a - b;
    case LL_MUL: return a * b;
    case LL_DIV: return a / b;
    case LL_MAX: return vmax_nan(a, b);
    case LL_MIN: return vmin_nan(a, b);
    case LL_EQ: return a == b ? one : zero;
    case LL_LT: return a < b ? one : zero;
    case LL_GT: return a > b ? one : zero;
    default: return a >= b ? one : zero;
    }
}

INLINE vf stepped(const void *x, int dtype, int64_t stride, int64_t i, int64_t n) {
    if (stride == 1) return get(x, dtype, i, n);
    vf v = 0;
    for (int j = 0; j < 16 && i + j < n; j++) v[j] = ll_get1(x, dtype, (i + j) * stride);
    return v;
}

INLINE void K(binary_row)(int op, const void *a, int at, int64_t as, const void *b, int bt, int64_t bs, void *y, int yt,
                          int64_t n) {
    if (as == 1 && bs == 1) {
        for (int64_t i = 0; i < n; i += 16) put(y, yt, i, n, binary_value(op, get(a, at, i, n), get(b, bt, i, n)));
    } else if (as == 1 && bs == 0) {
        vf one = ll_get1(b, bt, 0);
        for (int64_t i = 0; i < n; i += 16) put(y, yt, i, n, binary_value(op, get(a, at, i, n), one));
    } else if (as == 0 && bs == 1) {
        vf one = ll_get1(a, at, 0);
        for (int64_t i = 0; i < n; i += 16) put(y, yt, i, n, binary_value(op, one, get(b, bt, i, n)));
    } else {
        for (int64_t i = 0; i < n; i += 16)
            put(y, yt, i, n, binary_value(op, stepped(a, at, as, i, n), stepped(b, bt, bs, i, n)));
    }
}

#define LL_CASE(op)                                                                                                    \
    case op:                                                                                                           \
        if (plain) K(binary_row)(op, a, LL_F32, as, b, LL_F32, bs, y, LL_F32, n);                                      \
        else K(binary_row)(op, a, c->at, as, b, c->bt, bs, y, c->yt, n);                                               \
        break;

static void K(binary_task)(void *context, int64_t task) {
    const binary_call *c = context;
    const int axis = c->walk.rank - 1;
    int64_t group = task / c->cut.pieces, piece = task % c->cut.pieces;
    int64_t first = group * c->cut.rows_per_task, last = ll_min(c->cut.rows, first + c->cut.rows_per_task);
    int64_t from = piece * LL_CHUNK, n = c->cut.pieces == 1 ? c->cut.columns : ll_min(LL_CHUNK, c->cut.columns - from);
    const int64_t as = c->walk.strides[0][axis], bs = c->walk.strides[1][axis];
    const bool plain = c->at == LL_F32 && c->bt == LL_F32 && c->yt == LL_F32;
    for (int64_t row = first; row < last; row++) {
        int64_t offset[2];
        ll_row_offsets(&c->walk, 2, row, offset);
        const void *a = ll_at(c->a, c->at, offset[0] + from * as), *b = ll_at(c->b, c->bt, offset[1] + from * bs);
        void *y = ll_at_mut(c->y, c->yt, row * c->cut.columns + from);
        switch (c->op) {
            LL_CASE(LL_ADD) LL_CASE(LL_SUB) LL_CASE(LL_MUL) LL_CASE(LL_DIV) LL_CASE(LL_MAX) LL_CASE(LL_MIN)
            LL_CASE(LL_EQ) LL_CASE(LL_LT) LL_CASE(LL_GT) LL_CASE(LL_GE)
        }
    }
}
#undef LL_CASE
