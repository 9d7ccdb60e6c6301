// Compiles the file named by LL_BODY once per instruction set. No include guard: a .c file may instantiate several bodies.
#include "kernels.h"
#include <math.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Vectors of 16 floats pass between always-inline functions only, so no calling convention is involved.
#pragma clang diagnostic ignored "-Wpsabi"

#define LL_PASTE2(a, b) a##_##b
#define LL_PASTE(a, b) LL_PASTE2(a, b)
#define K(name) LL_PASTE(name, LL_ISA)
#define INLINE static inline __attribute__((always_inline, unused))

#if defined(__x86_64__)
#define LL_ISA avx512_bf16
#define LL_REGISTERS 32   // that hold 16 floats
#define LL_PAIRS 1        // dot products of pairs of bf16
#pragma clang attribute push(__attribute__((target("avx512bf16,avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c"))), \
                             apply_to = function)
#include "vector_body.h"
#include LL_BODY
#pragma clang attribute pop
#undef LL_ISA
#undef LL_REGISTERS
#undef LL_PAIRS

#define LL_PAIRS 0
#define LL_ISA avx512
#define LL_REGISTERS 32
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c"))), apply_to = function)
#include "vector_body.h"
#include LL_BODY
#pragma clang attribute pop
#undef LL_ISA
#undef LL_REGISTERS

#define LL_ISA avx2
#define LL_REGISTERS 8
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "vector_body.h"
#include LL_BODY
#pragma clang attribute pop
#undef LL_ISA
#undef LL_REGISTERS
#undef LL_PAIRS
#endif

#define LL_PAIRS 0
#define LL_ISA portable
#define LL_REGISTERS 8
#include "vector_body.h"
#include LL_BODY
#undef LL_ISA
#undef LL_REGISTERS
#undef LL_PAIRS

#undef LL_BODY
#undef K
#undef INLINE
