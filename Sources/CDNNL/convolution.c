// Convolution forward and backward. Activations stay channels-last; the primitive chooses how weights lie, and they are reordered into
// scratch at each call (a few per cent of the smallest convolution, and weights change at every training step anyway).
#include "CDNNL.h"

#include <string.h>

#include "plan.h"

/// The caller's layouts, "any" for the weights, and the operation's numbers, in oneDNN's order.
typedef struct {
    dnnl_memory_desc_t source, destination, bias, weights, any_weights, gradient, any_gradient;
    dnnl_dims_t strides, gaps, before, after;
} layouts;

static bool makes_sense(const cdnnl_convolution *c, int dtype) {
    if (dtype != 0 && dtype != 1) return false;
    const int64_t positive[] = {
        c->batch, c->in_height, c->in_width, c->in_channels, c->out_height, c->out_width, c->out_channels,
        c->kernel_height, c->kernel_width, c->stride, c->dilation, c->groups,
    };
    for (size_t i = 0; i < sizeof positive / sizeof positive[0]; i++) {
        if (positive[i] < 1 || positive[i] > INT32_MAX) return false;
    }
    if (c->pad_top < 0 || c->pad_bottom < 0 || c->pad_left < 0 || c->pad_right < 0) return false;
    if (c->in_channels % c->groups || c->out_channels % c->groups) return false;
    int64_t rows = c->in_height + c->pad_top + c->pad_bottom - (c->kernel_height - 1) * c->dilation - 1;
    int64_t columns = c->in_width + c->pad_left + c->pad_right - (c->kernel_width - 1) * c->dilation - 1;
    return rows >= 0 && columns >= 0 && rows / c->stride + 1 == c->out_height && columns / c->stride + 1 == c->out_width;
}

static dnnl_status_t describe(layouts *l, const cdnnl_convolution *c, int dtype, int64_t batch) {
    dnnl_data_type_t type = dtype ? dnnl_bf16 : dnnl_f32;
    dnnl_dims_t source = {batch, c->in_channels, c->in_height, c->in_width};
    dnnl_dims_t destination = {batch, c->out_channels, c->out_height, c->out_width};
    int rank = c->groups > 1 ? 5 : 4;
    dnnl_dims_t grouped = {
        c->groups, c->out_channels / c->groups, c->in_channels / c->groups, c->kernel_height, c->kernel_width,
    };
    const dnnl_dim_t *weights = grouped + (5 - rank);
    dnnl_dims_t bias = {c->out_channels};
    l->strides[0] = l->strides[1] = c->stride;
    l->gaps[0] = l->gaps[1] = c->dilation - 1;
    l->before[0] = c->pad_top;
    l->before[1] = c->pad_left;
    l->after[0] = c->pad_bottom;
    l->after[1] = c->pad_right;
    // [O, KH, KW, I] is "acdb" of oneDNN's logical order (O, I, KH, KW), as channels-last is "acdb" of (N, C, H, W); with groups in
    // front it is "abdec".
    dnnl_format_tag_t ours = rank == 5 ? dnnl_abdec : dnnl_acdb;
    dnnl_status_t status = dnnl_memory_desc_init_by_tag(&l->source, 4, source, type, dnnl_acdb);
    if (!status) status = dnnl_memory_desc_init_by_tag(&l->destination, 4, destination, type, dnnl_acdb);
    if (!status) status = dnnl_memory_desc_init_by_tag(&l->bias, 1, bias, dnnl_f32, dnnl_a);
    if (!status) status = dnnl_memory_desc_init_by_tag(&l->weights, rank, weights, type, ours);
    if (!status) status = dnnl_memory_desc_init_by_tag(&l->any_weights, rank, weights, type, dnnl_format_tag_any);
    if (!status) status = dnnl_memory_desc_init_by_tag(&l->gradient, rank, weights, dnnl_f32, ours);
    if (!status) status = dnnl_memory_desc_init_by_tag(&l->any_gradient, rank, weights, dnnl_f32, dnnl_format_tag_any);
    return status;
}

static dnnl_status_t forward_description(
    dnnl_primitive_desc_t *description, const layouts *l, bool bias, dnnl_primitive_attr_t attributes) {
    dnnl_convolution_desc_t operation;
    // Never "auto": Winograd rounds differently, and its choice looks at the batch.
    dnnl_status_t status = dnnl_dilated_convolution_forward_desc_init(
        &operation, dnnl_forward_training, dnnl_convolution_direct, &l->source, &l->any_weights, bias ? &l->bias : NULL,
        &l->destination, l->strides, l->gaps, l->before, l->after);
    return status ? status : dnnl_primitive_desc_create(description, &operation, attributes, plan_engine(), NULL);
}

static dnnl_status_t backward_description(
    dnnl_primitive_desc_t *description, int kind, const layouts *l, bool bias, dnnl_primitive_attr_t attributes) {
    dnnl_convolution_desc_t operation;
    dnnl_status_t status =
        kind == PLAN_BACKWARD_DATA
            ? dnnl_dilated_convolution_backward_data_desc_init(
                  &operation, dnnl_convolution_direct, &l->source, &l->any_weights, &l->destination, l->strides, l->gaps,
                  l->before, l->after)
            : dnnl_dilated_convolution_backward_weights_desc_init(
                  &operation, dnnl_convolution_direct, &l->source, &l->any_gradient, bias ? &l->bias : NULL, &l->destination,
                  l->strides, l->gaps, l->before, l->after);
    dnnl_primitive_desc_t forward = NULL;   // a hint the API asks for
    if (!status) status = forward_description(&forward, l, bias, attributes);
    if (!status) status = dnnl_primitive_desc_create(description, &operation, attributes, plan_engine(), forward);
    if (forward) dnnl_primitive_desc_destroy(forward);
    return status;
}

/// Operands in the order of the public function's parameters.
static dnnl_status_t add_operands(plan *p, int kind, const layouts *l, bool bias, dnnl_primitive_desc_t d) {
    dnnl_status_t status;
    switch (kind) {
    case PLAN_FORWARD:
        status = plan_add_operand(p, DNNL_ARG_SRC, false, &l->source, d, dnnl_query_src_md, 0);
        if (!status) status = plan_add_operand(p, DNNL_ARG_WEIGHTS, false, &l->weights, d, dnnl_query_weights_md, 0);
        if (!status) status = plan_add_operand(p, DNNL_ARG_DST, true, &l->destination, d, dnnl_query_dst_md, 0);
        if (!status && bias) status = plan_add_operand(p, DNNL_ARG_BIAS, false, &l->bias, d, dnnl_query_weights_md, 1);
        return status;
    case PLAN_BACKWARD_DATA:
        status = plan_add_operand(p, DNNL_ARG_DIFF_DST, false, &l->destination, d, dnnl_query_diff_dst_md, 0);
        if (!status) status = plan_add_operand(p, DNNL_ARG_WEIGHTS, false, &l->weights, d, dnnl_query_weights_md, 0);
        if (!status) status = plan_add_operand(p, DNNL_ARG_DIFF_SRC, true, &l->source, d, dnnl_query_diff_src_md, 0);
        return status;
    default:
        status = plan_add_operand(p, DNNL_ARG_SRC, false, &l->source, d, dnnl_query_src_md, 0);
        if (!status) status = plan_add_operand(p, DNNL_ARG_DIFF_DST, false, &l->destination, d, dnnl_query_diff_dst_md, 0);
        if (!status) status = plan_add_operand(p, DNNL_ARG_DIFF_WEIGHTS, true, &l->gradient, d, dnnl_query_diff_weights_md, 0);
        if (!status && bias) status = plan_add_operand(p, DNNL_ARG_DIFF_BIAS, true, &l->bias, d, dnnl_query_diff_weights_md, 1);
        return status;
    }
}

/// The direct kernels give every output one sum in one order, whatever the threads. The one built on matrix products, which the library
/// falls to for odd paddings where AVX-512 is missing, cuts sums by threads.
static bool sums_by_threads(dnnl_primitive_desc_t description) {
    const char *name = NULL;
    if (dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name) || !name) return true;
    return strstr(name, "gemm") != NULL;
}

/// Where the library shares one sum out, threads meet at a barrier of its own that spins without ever giving way. Below this many
/// multiply-adds (some tenths of a millisecond) one thread is done before two have met, and cores that do other things too are
/// not waited for.
static bool is_small(const cdnnl_convolution *c, int64_t batch) {
    double work = (double)batch * (double)(c->out_height * c->out_width) * (double)(c->out_channels * c->in_channels / c->groups) *
                  (double)(c->kernel_height * c->kernel_width);
    return work < 8e6;
}

static dnnl_status_t make_description(
    dnnl_primitive_desc_t *description, int kind, const layouts *l, bool bias, dnnl_primitive_attr_t attributes) {
    return kind == PLAN_FORWARD ? forward_description(description, l, bias, attributes)
                                : backward_description(description, kind, l, bias, attributes);
}

static dnnl_status_t make(
    plan **made, const plan_key *key, int kind, const cdnnl_convolution *c, int dtype, int64_t batch, bool bias, bool invariant) {
    layouts l;
    dnnl_status_t status = describe(&l, c, dtype, batch);
    if (status) return status;
    plan *p = plan_begin(key);
    if (!p) return dnnl_out_of_memory;
    int threads = plan_threads();
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_primitive_desc_t description = NULL;
    status = plan_attributes(&attributes);
    if (!status) status = make_description(&description, kind, &l, bias, attributes);
    bool serial = !status && threads > 1 && (invariant ? sums_by_threads(description) : kind == PLAN_BACKWARD_WEIGHTS && is_small(c, batch));
    if (serial) {
        p->serial = true;
        plan_set_threads(1);
        dnnl_primitive_desc_destroy(description);
        description = NULL;
        status = make_description(&description, kind, &l, bias, attributes);
    }
    if (!status) status = plan_make_primitive(p, description);
    if (!status) status = add_operands(p, kind, &l, bias, description);
    if (description) dnnl_primitive_desc_destroy(description);
    if (attributes) dnnl_primitive_attr_destroy(attributes);
    if (p->serial) plan_set_threads(threads);
    if (status) {
        plan_drop(p);
        return status;
    }
    plan_keep(p);
    *made = p;
    return dnnl_success;
}

static dnnl_status_t run(
    int kind, const cdnnl_convolution *c, int dtype, bool bias, bool per_sample, const plan_buffer *buffers) {
    if (!makes_sense(c, dtype)) return dnnl_invalid_arguments;
    dnnl_status_t status = plan_enter();
    if (status) return status;
    int64_t batch = per_sample ? 1 : c->batch;
    plan_key key = {{
        kind, dtype, plan_threads(), bias, per_sample, batch, c->in_height, c->in_width, c->in_channels, c->out_height, c->out_width,
        c->out_channels, c->kernel_height, c->kernel_width, c->stride, c->dilation, c->groups, c->pad_top, c->pad_bottom, c->pad_left,
        c->pad_right,
    }};
    plan *p = plan_find(&key);
    if (!p) status = make(&p, &key, kind, c, dtype, batch, bias, per_sample);
    if (!status) status = plan_run(p, buffers, per_sample ? c->batch : 1);
    return status;
}

static size_t map_bytes(int64_t height, int64_t width, int64_t channels, int dtype) {
    return (size_t)(height * width * channels) * (dtype ? 2 : 4);
}

int cdnnl_convolution_forward(
    const cdnnl_convolution *c, int dtype, const void *x, const void *w, const float *bias, void *y, bool per_sample) {
    const plan_buffer buffers[] = {
        {(void *)x, map_bytes(c->in_height, c->in_width, c->in_channels, dtype)},
        {(void *)w, 0},
        {y, map_bytes(c->out_height, c->out_width, c->out_channels, dtype)},
        {(void *)bias, 0},
    };
    return run(PLAN_FORWARD, c, dtype, bias != NULL, per_sample, buffers);
}

int cdnnl_convolution_backward_data(const cdnnl_convolution *c, int dtype, const void *gy, const void *w, void *gx) {
    const plan_buffer buffers[] = {{(void *)gy, 0}, {(void *)w, 0}, {gx, 0}};
    return run(PLAN_BACKWARD_DATA, c, dtype, false, false, buffers);
}

int cdnnl_convolution_backward_weights(
    const cdnnl_convolution *c, int dtype, const void *x, const void *gy, float *gw, float *gbias) {
    const plan_buffer buffers[] = {{(void *)x, 0}, {(void *)gy, 0}, {gw, 0}, {gbias, 0}};
    return run(PLAN_BACKWARD_WEIGHTS, c, dtype, gbias != NULL, false, buffers);
}
