// Squared distances of one row to the codes that a product could not tell from the nearest.
INLINE float K(squared_distance)(const float *x, const float *y, int64_t n) {
    vf a = 0;
    for (int64_t i = 0; i < n; i += 16) {
        vf d = get(x, LL_F32, i, n) - get(y, LL_F32, i, n);
        a = d * d + a;
    }
    return hsum(a);
}
INLINE float K(squared_length)(const float *x, int64_t n) {
    vf a = 0;
    for (int64_t i = 0; i < n; i += 16) {
        vf d = get(x, LL_F32, i, n);
        a = d * d + a;
    }
    return hsum(a);
}
static void K(lengths_task)(void *context, int64_t task) {
    const nearest_call *c = context;
    int64_t first = task * c->codes_per_task, last = ll_min(c->codes, first + c->codes_per_task);
    for (int64_t i = first; i < last; i++) c->lengths[i] = K(squared_length)(c->codebook + i * c->columns, c->columns);
}

/// A panel of rows against all codes, LL_CODE_STRIP at a time. The product |c|^2 - 2 x.c finds the few candidates within its
/// rounding error of the smallest; their distances are then taken term by term, so equal codes tie exactly and the first wins.
static void K(nearest_task)(void *context, int64_t task) {
    const nearest_call *c = context;
    const int64_t n = c->columns, first = task * LL_NEAREST_ROWS, rows = ll_min(LL_NEAREST_ROWS, c->rows - first);
    float *scores = ll_scratch(LL_SCRATCH_TILE, LL_NEAREST_ROWS * LL_CODE_STRIP);
    float low[LL_NEAREST_ROWS], slack[LL_NEAREST_ROWS], best[LL_NEAREST_ROWS];
    int32_t found[LL_NEAREST_ROWS];
    for (int64_t r = 0; r < rows; r++) {
        low[r] = INFINITY;
        best[r] = INFINITY;
        found[r] = -1;
        float length = K(squared_length)(c->x + (first + r) * n, n);
        slack[r] = (8.0f + sqrtf((float)n)) * 4.8e-7f * (length + c->longest);
    }
    for (int64_t j = 0; j < c->codes; j += LL_CODE_STRIP) {
        const int64_t strip = ll_min(LL_CODE_STRIP, c->codes - j);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)strip, (int)n, -2, c->x + first * n, (int)n,
                    c->codebook + j * n, (int)n, 0, scores, (int)strip);
        for (int64_t r = 0; r < rows; r++) {
            float *s = scores + r * strip;
            vf smallest = INFINITY;
            for (int64_t i = 0; i < strip; i += 16) {
                vf v = get(s, LL_F32, i, strip) + get(c->lengths + j, LL_F32, i, strip);
                put(s, LL_F32, i, strip, v);
                smallest = vmin(keep_first(v, strip - i, INFINITY), smallest);
            }
            float least = -hmax(-smallest);
            if (least < low[r]) low[r] = least;
            float limit = low[r] + slack[r];
            for (int64_t i = 0; i < strip; i += 16) {
                vi near = keep_first(get(s, LL_F32, i, strip), strip - i, INFINITY) <= limit;
                if (!any(near)) continue;
                for (int64_t l = 0; l < 16 && i + l < strip; l++) {
                    if (!near[l]) continue;
                    float d = K(squared_distance)(c->x + (first + r) * n, c->codebook + (j + i + l) * n, n);
                    if (d < best[r]) best[r] = d, found[r] = (int32_t)(j + i + l);
                }
            }
        }
    }
    for (int64_t r = 0; r < rows; r++) {   // nothing found: a row that is not finite
        c->index[first + r] = found[r] < 0 ? 0 : found[r];
        if (c->distance) c->distance[first + r] = found[r] < 0 ? NAN : best[r];
    }
}
