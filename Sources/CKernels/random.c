// Counter-based random numbers: a value is a function of key, stream and position, of nothing else.
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

#define LL_PHILOX_M0 0xD2511F53u
#define LL_PHILOX_M1 0xCD9E8D57u
#define LL_PHILOX_W0 0x9E3779B9u
#define LL_PHILOX_W1 0xBB67AE85u

typedef struct {
    int64_t n;
    uint64_t key, stream;
    float *x;
} random_call;

#define LL_BODY "random_body.h"
#include "instantiate.h"

void ll_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]}, k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)c[0] * LL_PHILOX_M0, p1 = (uint64_t)c[2] * LL_PHILOX_M1;
        uint32_t next[4] = {(uint32_t)(p1 >> 32) ^ c[1] ^ k0, (uint32_t)p1, (uint32_t)(p0 >> 32) ^ c[3] ^ k1, (uint32_t)p0};
        __builtin_memcpy(c, next, sizeof c);
        k0 += LL_PHILOX_W0;
        k1 += LL_PHILOX_W1;
    }
    __builtin_memcpy(out, c, sizeof c);
}

void ll_random_uniform(int64_t n, uint64_t key, uint64_t stream, float *x) {
    random_call c = {n, key, stream, x};
    ll_run(n, ll_pieces(n, LL_CHUNK), LL_PICK(uniform_task), &c);
}

void ll_random_normal(int64_t n, uint64_t key, uint64_t stream, float *x) {
    random_call c = {n, key, stream, x};
    ll_run(2 * n, ll_pieces(n, LL_CHUNK), LL_PICK(normal_task), &c);
}
