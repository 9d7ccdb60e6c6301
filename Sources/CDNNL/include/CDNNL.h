// Every oneDNN call of the project goes through these functions: the C API changed between 2.x and 3.x, and only this target knows.
// Feature maps are channels-last [batch, height, width, channels], weights [out, kernel height, kernel width, in of a group]; dtype 0 f32, 1 bf16.
// Every thread keeps its own primitives, by shape and thread count (libgomp's of the calling thread). Functions return 0, or a oneDNN status whose name cdnnl_status gives.
#ifndef CDNNL_H
#define CDNNL_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t batch, in_height, in_width, in_channels, out_height, out_width, out_channels;
    /// `dilation` is the distance of a kernel's neighbours, 1 where it is dense; `groups` divides both numbers of channels.
    int64_t kernel_height, kernel_width, stride, dilation, groups;
    int64_t pad_top, pad_bottom, pad_left, pad_right;
} cdnnl_convolution;

/// y = conv(x, w) + bias. x, w, y of `dtype` (bf16 weights are given as bf16), bias f32 or NULL. With `per_sample`, samples are computed one by
/// one by a primitive of batch 1, so that a sample's bits depend neither on the batch nor on the threads.
int cdnnl_convolution_forward(const cdnnl_convolution *c, int dtype, const void *x, const void *w, const float *bias, void *y, bool per_sample);
/// gx from gy and w (all of `dtype`).
int cdnnl_convolution_backward_data(const cdnnl_convolution *c, int dtype, const void *gy, const void *w, void *gx);
/// gw (f32, as the weights) and gbias (f32 or NULL) from x and gy (of `dtype`). The same bits on every run at the same thread count.
int cdnnl_convolution_backward_weights(const cdnnl_convolution *c, int dtype, const void *x, const void *gy, float *gw, float *gbias);

/// C[m, n] = op(A) op(B), A and B of `dtype` with row strides, C of that type or f32 (c_dtype) contiguous, f32 accumulation. lda and
/// ldb count elements from row to row as stored. bf16 is "not implemented" on processors without AVX-512, as its convolutions are.
/// With `panel` > 0, rows of C are computed in panels of that many rows (last one zero-padded): a row's bits then depend
/// neither on m, nor on where the row is, nor on the threads. `packed` is B packed beforehand (B itself must still be there) or NULL.
typedef struct cdnnl_packed cdnnl_packed;
int cdnnl_matmul(int dtype, bool ta, bool tb, int64_t m, int64_t n, int64_t k, const void *a, int64_t lda, const void *b, int64_t ldb,
                 void *c, int c_dtype, int64_t panel, const cdnnl_packed *packed);
/// B as panelled products with these sizes and an A that is not transposed read it, to be used again and again; NULL where it cannot be made.
cdnnl_packed *cdnnl_pack(int dtype, bool tb, int64_t n, int64_t k, const void *b, int64_t ldb, int64_t lda, int c_dtype, int64_t panel);
void cdnnl_free_packed(cdnnl_packed *packed);

const char *cdnnl_status(int status);
const char *cdnnl_version(void);
/// The instruction set oneDNN uses, e.g. "avx512_core_bf16".
const char *cdnnl_isa(void);
/// Frees the primitives that the library keeps, and the calling thread's own with their scratch.
void cdnnl_clear(void);

#endif
