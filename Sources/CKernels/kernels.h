// What the kernels share: the pool's inner entry points, scratch memory, run-time dispatch and sums over pieces.
#ifndef KERNELS_H
#define KERNELS_H

#include "CKernels.h"

// ---- dispatch -----------------------------------------------------------------------------------------------------
// A hot loop lives in a *_body.h file. instantiate.h compiles that file once per instruction set, K(name) gives each
// copy its own name, and LL_PICK(name) is the copy for this processor.
enum { LL_ISA_PORTABLE, LL_ISA_AVX2, LL_ISA_AVX512, LL_ISA_AVX512_BF16 };
extern int ll_best_isa;
extern _Thread_local int ll_isa_limit;
static inline int ll_isa(void) { return ll_isa_limit < ll_best_isa ? ll_isa_limit : ll_best_isa; }

#if defined(__x86_64__)
#define LL_PICK(name)                                                                                                  \
    (((__typeof__(&name##_portable)[]){name##_portable, name##_avx2, name##_avx512, name##_avx512_bf16})[ll_isa()])
#else
#define LL_PICK(name) (&name##_portable)
#endif

// ---- pool ---------------------------------------------------------------------------------------------------------
typedef void (*ll_task)(void *context, int64_t task);
/// ll_parallel, but in line when the whole call touches so few elements (`work`) that waking a thread would cost more.
void ll_run(int64_t work, int64_t tasks, ll_task body, void *context);

/// A buffer of at least `count` floats that belongs to the calling thread, 64-byte aligned, grown when needed and kept.
/// Each slot is one live buffer: a kernel that calls another while holding scratch must use another slot.
enum ll_scratch_slot { LL_SCRATCH_TILE, LL_SCRATCH_PARTIALS, LL_SCRATCH_SLOTS };
float *ll_scratch(enum ll_scratch_slot slot, int64_t count);

// ---- fixed pieces ---------------------------------------------------------------------------------------------------
#define LL_CHUNK 16384   // elements of one task in flat loops; a multiple of 16 so that vectors fall in the same places

static inline int64_t ll_min(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t ll_max(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t ll_pieces(int64_t n, int64_t piece) { return (n + piece - 1) / piece; }
/// Rows of one task when a kernel walks rows of `columns`: about LL_CHUNK elements, whatever the number of rows.
static inline int64_t ll_rows_per_task(int64_t columns) { return ll_max(1, LL_CHUNK / ll_max(1, columns)); }
static inline size_t ll_size(int dtype) { return dtype == LL_F32 ? 4 : 2; }
static inline const void *ll_at(const void *x, int dtype, int64_t i) { return (const char *)x + (size_t)i * ll_size(dtype); }
static inline void *ll_at_mut(void *x, int dtype, int64_t i) { return (char *)x + (size_t)i * ll_size(dtype); }

/// sum[c] = partial[0][c] + partial[1][c] + ..., in that order; rows of `partial` are `stride` floats apart.
void ll_sum_partials(int64_t pieces, int64_t columns, const float *partial, int64_t stride, float *sum);

// ---- scalars ---------------------------------------------------------------------------------------------------------
static inline float ll_from_bf16(uint16_t h) {
    uint32_t u = (uint32_t)h << 16;
    float f;
    __builtin_memcpy(&f, &u, 4);
    return f;
}
/// Round to nearest even; a NaN stays a NaN.
static inline uint16_t ll_to_bf16(float f) {
    uint32_t u;
    __builtin_memcpy(&u, &f, 4);
    if ((u & 0x7fffffffu) > 0x7f800000u) return (uint16_t)((u >> 16) | 0x40u);
    return (uint16_t)((u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
}
static inline float ll_get1(const void *x, int dtype, int64_t i) {
    return dtype == LL_F32 ? ((const float *)x)[i] : ll_from_bf16(((const uint16_t *)x)[i]);
}
static inline void ll_put1(void *x, int dtype, int64_t i, float v) {
    if (dtype == LL_F32) ((float *)x)[i] = v;
    else ((uint16_t *)x)[i] = ll_to_bf16(v);
}

#endif
