// Philox for sixteen counters at a time, and Box-Muller. Only additions, products, quotients and square roots, none of them
// contracted: every processor gives the same bits.
#include "math_body.h"
#ifndef LL_RANDOM_NAMES
#define LL_RANDOM_NAMES
#define philox16 K(philox16_)
#define unit_circle K(unit_circle_)
#define interleave K(interleave_)
#define vmul_wide K(vmul_wide_)
#endif

INLINE void vmul_wide(vu a, uint32_t b, vu *high, vu *low) {
    typedef uint64_t vu64 __attribute__((ext_vector_type(16)));
    vu64 product = __builtin_convertvector(a, vu64) * (uint64_t)b;
    *high = __builtin_convertvector(product >> 32, vu);
    *low = a * b;
}

INLINE void philox16(uint64_t counter, uint64_t stream, uint64_t key, vu out[4]) {
    const vu lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    // `counter` is a multiple of 16, so adding a lane never carries.
    vu c0 = (uint32_t)counter + lane, c1 = (uint32_t)(counter >> 32), c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
        vu high0, low0, high1, low1;
        vmul_wide(c0, LL_PHILOX_M0, &high0, &low0);
        vmul_wide(c2, LL_PHILOX_M1, &high1, &low1);
        c0 = high1 ^ c1 ^ k0;
        c2 = high0 ^ c3 ^ k1;
        c1 = low1;
        c3 = low0;
        k0 += LL_PHILOX_W0;
        k1 += LL_PHILOX_W1;
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

/// Four vectors, one per output word, become 64 values in the order of the stream.
INLINE void interleave(const vf v[4], vf out[4]) {
    vf a = __builtin_shufflevector(v[0], v[2], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    vf b = __builtin_shufflevector(v[1], v[3], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    vf c = __builtin_shufflevector(v[0], v[2], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    vf d = __builtin_shufflevector(v[1], v[3], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    out[0] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    out[1] = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    out[2] = __builtin_shufflevector(c, d, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    out[3] = __builtin_shufflevector(c, d, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/// cos and sin of 2 pi u / 2^32: the angle is reduced in integers, exactly.
INLINE void unit_circle(vu u, vf *cosine, vf *sine) {
    vu turned = u + 0x20000000u;
    vi quarter = (vi)(turned >> 30);
    vi rest = (vi)(turned & 0x3fffffffu) - 0x20000000;   // within 1/8 turn either way
    vf r = __builtin_convertvector(rest, vf) * 1.46291808e-09f;   // 2 pi / 2^32
    *sine = vsine_of_quarter(r, quarter);
    *cosine = vsine_of_quarter(r, quarter + 1);
}

/// Values from..<to of the stream; `from` is a multiple of 64.
INLINE void K(random_values)(bool normal, uint64_t key, uint64_t stream, int64_t from, int64_t to, float *x) {
    for (int64_t i = from; i < to; i += 64) {
        vu word[4];
        vf v[4], out[4];
        philox16((uint64_t)i / 4, stream, key, word);
        if (normal) {
            for (int p = 0; p < 4; p += 2) {
                // u in (0, 1] from 32 bits; its exact value decides the tail, so it goes through a shift that floats hold.
                vf u = __builtin_convertvector((vi)(word[p] >> 8), vf) * 5.96046448e-08f;
                u = u + (__builtin_convertvector((vi)(word[p] & 0xffu), vf) + 0.5f) * 2.32830644e-10f;
                vf radius = vsqrt(-2.0f * vlog(u)), cosine, sine;
                unit_circle(word[p + 1], &cosine, &sine);
                v[p] = radius * cosine;
                v[p + 1] = radius * sine;
            }
        } else {
            for (int p = 0; p < 4; p++) v[p] = __builtin_convertvector((vi)(word[p] >> 8), vf) * 5.96046448e-08f;
        }
        interleave(v, out);
        for (int p = 0; p < 4 && i + 16 * p < to; p++) put(x, LL_F32, i + 16 * p, to, out[p]);
    }
}
static void K(uniform_task)(void *context, int64_t task) {
    const random_call *c = context;
    K(random_values)(false, c->key, c->stream, task * LL_CHUNK, ll_min(c->n, (task + 1) * LL_CHUNK), c->x);
}
static void K(normal_task)(void *context, int64_t task) {
    const random_call *c = context;
    K(random_values)(true, c->key, c->stream, task * LL_CHUNK, ll_min(c->n, (task + 1) * LL_CHUNK), c->x);
}
