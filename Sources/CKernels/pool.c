// The one thread pool (libgomp's), scratch memory of its threads, and which instruction set and BLAS kernel run here.
#define _GNU_SOURCE
#include "kernels.h"
#include <cblas.h>
#include "omp_abi.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int ll_best_isa = LL_ISA_PORTABLE;
_Thread_local int ll_isa_limit = LL_ISA_AVX512_BF16;
static atomic_int thread_count = 1;
static _Thread_local int announced = 0;   // the count this thread has told OpenMP; its setting is per thread

// ---- threads ------------------------------------------------------------------------------------------------------
static int online_cores(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int)n : 1;
}

void ll_set_threads(int count) { atomic_store(&thread_count, count < 1 ? 1 : count > 1024 ? 1024 : count); ll_threads(); }

int ll_threads(void) {
    if (omp_in_parallel()) return 1;
    int count = atomic_load_explicit(&thread_count, memory_order_relaxed);
    if (announced != count) {
        omp_set_num_threads(count);
        announced = count;
    }
    return count;
}

typedef struct {
    ll_task body;
    void *context;
    int64_t tasks;
    int isa_limit;
    _Atomic int64_t next;
} region;

static void work_through(void *data) {
    region *r = data;
    for (;;) {
        int64_t i = atomic_fetch_add_explicit(&r->next, 1, memory_order_relaxed);
        if (i >= r->tasks) return;
        r->body(r->context, i);
    }
}

void ll_parallel(int64_t tasks, void (*body)(void *context, int64_t task), void *context) {
    int64_t threads = ll_min(tasks, ll_threads());
    if (threads <= 1) {
        for (int64_t i = 0; i < tasks; i++) body(context, i);
        return;
    }
    region r = {body, context, tasks, ll_isa_limit, 0};
    GOMP_parallel(work_through, &r, (unsigned)threads, 0);
}

static void work_alone(void *data) {
    const region *r = data;
    int limit = ll_isa_limit;
    ll_isa_limit = r->isa_limit;
    omp_set_num_threads(1);   // of this region's share only: oneDNN makes its primitives for one thread
    work_through(data);
    ll_isa_limit = limit;
}

void ll_shards(int64_t tasks, void (*body)(void *context, int64_t task), void *context) {
    region r = {body, context, tasks, ll_isa_limit, 0};
    // With one thread a region as well, so that every share is worked on in the same way whatever the pool has.
    GOMP_parallel(work_alone, &r, (unsigned)ll_min(tasks, ll_threads()), 0);
}

void ll_run(int64_t work, int64_t tasks, ll_task body, void *context) {
    if (work < 32768) for (int64_t i = 0; i < tasks; i++) body(context, i);
    else ll_parallel(tasks, body, context);
}

// ---- scratch ------------------------------------------------------------------------------------------------------
typedef struct {
    float *memory[LL_SCRATCH_SLOTS];
    int64_t count[LL_SCRATCH_SLOTS];
} scratch;
static _Thread_local scratch *mine;
static pthread_key_t scratch_key;

static void release(void *pointer) {
    scratch *s = pointer;
    for (int i = 0; i < LL_SCRATCH_SLOTS; i++) free(s->memory[i]);
    free(s);
}

static void *must(void *pointer) {
    if (pointer == NULL) {
        static const char text[] = "out of memory: no room for a kernel's scratch\n";
        if (write(2, text, sizeof text - 1) < 0) {}
        abort();
    }
    return pointer;
}

float *ll_scratch(enum ll_scratch_slot slot, int64_t count) {
    if (mine == NULL) {
        mine = must(calloc(1, sizeof *mine));
        pthread_setspecific(scratch_key, mine);
    }
    if (mine->count[slot] < count) {
        int64_t rounded = (count + count / 4 + 1023) / 1024 * 1024;
        free(mine->memory[slot]);
        mine->memory[slot] = must(aligned_alloc(64, (size_t)rounded * 4));
        mine->count[slot] = rounded;
    }
    return mine->memory[slot];
}

// ---- what runs here -----------------------------------------------------------------------------------------------
static int best_isa(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("fma"))
        return __builtin_cpu_supports("avx512bf16") ? LL_ISA_AVX512_BF16 : LL_ISA_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return LL_ISA_AVX2;
#endif
    return LL_ISA_PORTABLE;
}

static const char *const isa_names[] = {"portable", "avx2", "avx512", "avx512_bf16"};

static int named_isa(const char *name) {
    for (int isa = LL_ISA_PORTABLE; isa < LL_ISA_AVX512_BF16; isa++)
        if (name != NULL && strcmp(name, isa_names[isa]) == 0) return isa;
    return LL_ISA_AVX512_BF16;
}

void ll_limit_instruction_set(const char *name) { ll_isa_limit = named_isa(name); }

const char *ll_instruction_set(void) { return isa_names[ll_isa()]; }

const char *ll_blas_kernel(void) { return openblas_get_corename(); }

bool ll_has_bf16(void) { return ll_isa() == LL_ISA_AVX512_BF16; }

__attribute__((constructor)) static void start(void) {
    pthread_key_create(&scratch_key, release);
    int limit = named_isa(getenv("LATENTLAB_MAX_ISA")), best = best_isa();
    ll_best_isa = limit < best ? limit : best;
    openblas_set_num_threads(1);   // this pool calls it from several threads at once
    const char *text = getenv("LATENTLAB_THREADS");
    int asked = text != NULL ? atoi(text) : 0;
    ll_set_threads(asked > 0 ? asked : online_cores());
}
