// Rows copied, cast or added; and 16 x 16 tiles turned over where source and destination run along different axes.
#ifndef LL_COPY_NAMES
#define LL_COPY_NAMES
#define turn K(turn_)
#endif

static void K(copy_task)(void *context, int64_t task) {
    const copy_call *c = context;
    const int axis = c->walk.rank - 1, st = c->st, dt = c->dt;
    int64_t group = task / c->cut.pieces, piece = task % c->cut.pieces;
    int64_t first = group * c->cut.rows_per_task, last = ll_min(c->cut.rows, first + c->cut.rows_per_task);
    int64_t from = piece * LL_CHUNK, n = c->cut.pieces == 1 ? c->cut.columns : ll_min(LL_CHUNK, c->cut.columns - from);
    const int64_t ss = c->walk.strides[0][axis], ds = c->walk.strides[1][axis];
    for (int64_t row = first; row < last; row++) {
        int64_t offset[2];
        ll_row_offsets(&c->walk, 2, row, offset);
        const void *x = ll_at(c->src, st, offset[0] + from * ss);
        void *y = ll_at_mut(c->dst, dt, offset[1] + from * ds);
        if (ss == 1 && ds == 1 && st == dt && !c->accumulate) {
            __builtin_memcpy(y, x, (size_t)n * ll_size(st));
        } else if ((ss == 1 || ss == 0) && ds == 1) {
            vf one = ss == 0 ? ll_get1(x, st, 0) : 0.0f;
            for (int64_t i = 0; i < n; i += 16) {
                vf v = ss == 1 ? get(x, st, i, n) : one;
                put(y, dt, i, n, c->accumulate ? get(y, dt, i, n) + v : v);
            }
        } else {
            for (int64_t i = 0; i < n; i++) {
                float v = ll_get1(x, st, i * ss);
                ll_put1(y, dt, i * ds, c->accumulate ? ll_get1(y, dt, i * ds) + v : v);
            }
        }
    }
}

/// r becomes its transpose: four perfect shuffles of its sixteen rows.
INLINE void turn(vf r[16]) {
    for (int round = 0; round < 4; round++) {
        vf t[16];
        for (int i = 0; i < 8; i++) {
            t[2 * i] = __builtin_shufflevector(r[i], r[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            t[2 * i + 1] = __builtin_shufflevector(r[i], r[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        }
        for (int i = 0; i < 16; i++) r[i] = t[i];
    }
}

/// One task: LL_TURN_STRIP positions of the axis along which the source is contiguous, all of the last axis, one outer
/// index.
static void K(turn_task)(void *context, int64_t task) {
    const copy_call *c = context;
    const int last = c->walk.rank - 1;
    const int64_t n = c->walk.shape[last], m = c->walk.shape[c->turned];
    const int64_t ss = c->walk.strides[0][last], ds = c->walk.strides[1][c->turned];
    int64_t strips = ll_pieces(m, LL_TURN_STRIP), j = task % strips * LL_TURN_STRIP, row = task / strips;
    int64_t source = j, target = j * ds;
    for (int d = last - 1; d >= 0; d--) {
        if (d == c->turned) continue;
        int64_t i = row % c->walk.shape[d];
        row /= c->walk.shape[d];
        source += i * c->walk.strides[0][d];
        target += i * c->walk.strides[1][d];
    }
    for (int64_t i = 0; i < n; i += 16) {
        for (int64_t l = 0; l < LL_TURN_STRIP && j + l < m; l += 16) {
            int64_t wide = ll_min(16, m - j - l);
            vf r[16];
            for (int64_t k = 0; k < 16; k++)
                r[k] = i + k < n ? get(ll_at(c->src, c->st, source + l + (i + k) * ss), c->st, 0, wide) : (vf)0.0f;
            turn(r);
            for (int64_t k = 0; k < wide; k++) {
                void *y = ll_at_mut(c->dst, c->dt, target + (l + k) * ds);
                put(y, c->dt, i, n, c->accumulate ? get(y, c->dt, i, n) + r[k] : r[k]);
            }
        }
    }
}
