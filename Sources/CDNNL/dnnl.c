// Plans: making, keeping and running oneDNN primitives (2.x C API), and what the library says of itself.
#include "CDNNL.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"

// The thread pool is libgomp's, which oneDNN is linked with; clang needs no OpenMP support to call it.
extern int omp_get_max_threads(void);
extern void omp_set_num_threads(int threads);

enum { BUCKETS = 256, MOST_PLANS = 1024, LINE = 64 };

static dnnl_engine_t engine;
static dnnl_status_t engine_status;
static pthread_key_t at_exit;
static pthread_once_t started = PTHREAD_ONCE_INIT;

// A thread's own: nothing here is waited for.
static _Thread_local dnnl_stream_t stream;
static _Thread_local plan *buckets[BUCKETS];
static _Thread_local int kept;
static _Thread_local void *arena;
static _Thread_local size_t arena_size;

static void drop_all(void);

/// Gives back the calling thread's plans and arena.
static void forget(void) {
    drop_all();
    free(arena);
    arena = NULL;
    arena_size = 0;
}

static void leave(void *ignored) {
    (void)ignored;
    forget();
    if (stream) dnnl_stream_destroy(stream);
    stream = NULL;
}

static void start(void) {
    engine_status = dnnl_engine_create(&engine, dnnl_cpu, 0);
    if (!engine_status && pthread_key_create(&at_exit, leave)) engine_status = dnnl_out_of_memory;
}

dnnl_status_t plan_enter(void) {
    pthread_once(&started, start);
    dnnl_status_t status = engine_status;
    if (!status && !stream) {
        status = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
        // Any value but NULL has `leave` called when the thread ends.
        if (!status && pthread_setspecific(at_exit, stream)) status = dnnl_out_of_memory;
    }
    // Shapes repeat from step to step; a program that never repeats one must not grow without end.
    if (!status && kept >= MOST_PLANS) drop_all();
    return status;
}

dnnl_engine_t plan_engine(void) { return engine; }

int plan_threads(void) { return omp_get_max_threads(); }

void plan_set_threads(int threads) { omp_set_num_threads(threads); }

void *plan_arena(size_t bytes) {
    if (bytes > arena_size) {
        free(arena);
        arena = NULL;
        arena_size = 0;
        if (posix_memalign(&arena, 4096, bytes)) return arena = NULL;
        arena_size = bytes;
    }
    static char nothing[LINE] __attribute__((aligned(LINE)));
    return arena ? arena : nothing;
}

// ---- the map ------------------------------------------------------------------------------------------------------

static plan **bucket(const plan_key *key) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < sizeof key->values / sizeof key->values[0]; i++) {
        hash = (hash ^ (uint64_t)key->values[i]) * 0x100000001b3u;
        hash ^= hash >> 29;
    }
    return &buckets[hash % BUCKETS];
}

plan *plan_find(const plan_key *key) {
    plan *p = *bucket(key);
    while (p && memcmp(&p->key, key, sizeof *key)) p = p->next;
    return p;
}

plan *plan_begin(const plan_key *key) {
    plan *p = calloc(1, sizeof *p);
    if (p) p->key = *key;
    return p;
}

void plan_drop(plan *p) {
    if (!p) return;
    for (int i = 0; i < p->count; i++) {
        plan_operand *o = &p->operands[i];
        if (o->inner && o->inner != o->user) dnnl_memory_destroy(o->inner);
        if (o->user) dnnl_memory_destroy(o->user);
        if (o->reorder) dnnl_primitive_destroy(o->reorder);
    }
    if (p->scratchpad) dnnl_memory_destroy(p->scratchpad);
    if (p->primitive) dnnl_primitive_destroy(p->primitive);
    free(p);
}

static void drop_all(void) {
    for (int i = 0; i < BUCKETS; i++) {
        while (buckets[i]) {
            plan *next = buckets[i]->next;
            plan_drop(buckets[i]);
            buckets[i] = next;
        }
    }
    kept = 0;
}

void plan_keep(plan *p) {
    plan **place = bucket(&p->key);
    p->next = *place;
    *place = p;
    kept++;
}

// ---- making -------------------------------------------------------------------------------------------------------

static size_t up(size_t bytes) { return (bytes + LINE - 1) / LINE * LINE; }

dnnl_status_t plan_attributes(dnnl_primitive_attr_t *attributes) {
    dnnl_status_t status = dnnl_primitive_attr_create(attributes);
    if (!status) status = dnnl_primitive_attr_set_scratchpad_mode(*attributes, dnnl_scratchpad_mode_user);
    return status;
}

dnnl_status_t plan_make_primitive(plan *p, dnnl_primitive_desc_t description) {
    const dnnl_memory_desc_t *scratch = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0);
    dnnl_status_t status = dnnl_primitive_create(&p->primitive, description);
    if (status || !scratch || !dnnl_memory_desc_get_size(scratch)) return status;
    p->scratchpad_offset = p->arena_bytes;
    p->scratchpad_bytes = dnnl_memory_desc_get_size(scratch);
    p->arena_bytes += up(p->scratchpad_bytes);
    return dnnl_memory_create(&p->scratchpad, scratch, engine, DNNL_MEMORY_NONE);
}

static dnnl_status_t make_reorder(plan_operand *o, const dnnl_memory_desc_t *user, const dnnl_memory_desc_t *inner) {
    // Without attributes the library keeps a reorder's scratch itself; it needs next to none.
    dnnl_primitive_desc_t description = NULL;
    dnnl_status_t status = dnnl_reorder_primitive_desc_create(
        &description, o->output ? inner : user, engine, o->output ? user : inner, engine, NULL);
    if (!status) status = dnnl_primitive_create(&o->reorder, description);
    if (description) dnnl_primitive_desc_destroy(description);
    return status;
}

dnnl_status_t plan_add_operand(
    plan *p, int argument, bool output, const dnnl_memory_desc_t *user, dnnl_primitive_desc_t description, dnnl_query_t query,
    int index) {
    const dnnl_memory_desc_t *inner = dnnl_primitive_desc_query_md(description, query, index);
    if (!inner || p->count == PLAN_OPERANDS) return dnnl_runtime_error;
    plan_operand *o = &p->operands[p->count++];
    o->argument = argument;
    o->output = output;
    o->bytes = dnnl_memory_desc_get_size(inner);
    dnnl_status_t status = dnnl_memory_create(&o->user, user, engine, DNNL_MEMORY_NONE);
    if (status) return status;
    if (dnnl_memory_desc_equal(user, inner)) {
        o->inner = o->user;
        return dnnl_success;
    }
    o->arena_offset = p->arena_bytes;
    p->arena_bytes += up(o->bytes);
    status = dnnl_memory_create(&o->inner, inner, engine, DNNL_MEMORY_NONE);
    return status ? status : make_reorder(o, user, inner);
}

// ---- running ------------------------------------------------------------------------------------------------------

static dnnl_status_t reorder(const plan_operand *o) {
    dnnl_exec_arg_t arguments[2] = {
        {DNNL_ARG_FROM, o->output ? o->inner : o->user},
        {DNNL_ARG_TO, o->output ? o->user : o->inner},
    };
    return dnnl_primitive_execute(o->reorder, stream, 2, arguments);
}

dnnl_status_t plan_reorder_input(plan_operand *o, void *from, void *to) {
    if (!o->reorder) {
        // The layouts are one: the bytes are what the primitive wants.
        memcpy(to, from, o->bytes);
        return dnnl_success;
    }
    dnnl_status_t status = dnnl_memory_set_data_handle(o->user, from);
    if (!status) status = dnnl_memory_set_data_handle(o->inner, to);
    return status ? status : reorder(o);
}

/// Points the primitive's own buffers into the arena and lists its arguments.
static dnnl_status_t place(plan *p, char *scratch, dnnl_exec_arg_t *arguments, int *counted) {
    dnnl_status_t status = dnnl_success;
    int count = 0;
    for (int i = 0; i < p->count && !status; i++) {
        const plan_operand *o = &p->operands[i];
        arguments[count++] = (dnnl_exec_arg_t){o->argument, o->inner};
        if (o->reorder) status = dnnl_memory_set_data_handle(o->inner, scratch + o->arena_offset);
    }
    if (!status && p->scratchpad) {
        arguments[count++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, p->scratchpad};
        status = dnnl_memory_set_data_handle(p->scratchpad, scratch + p->scratchpad_offset);
    }
    *counted = count;
    return status;
}

dnnl_status_t plan_run(plan *p, const plan_buffer *buffers, int64_t repetitions) {
    char *scratch = plan_arena(p->arena_bytes);
    if (!scratch) return dnnl_out_of_memory;
    dnnl_exec_arg_t arguments[PLAN_OPERANDS + 1];
    int count = 0;
    int threads = plan_threads();
    if (p->serial) plan_set_threads(1);
    dnnl_status_t status = place(p, scratch, arguments, &count);
    for (int64_t r = 0; r < repetitions && !status; r++) {
        for (int i = 0; i < p->count && !status; i++) {
            const plan_operand *o = &p->operands[i];
            if (r > 0 && buffers[i].step == 0) continue;
            status = dnnl_memory_set_data_handle(o->user, (char *)buffers[i].pointer + (size_t)r * buffers[i].step);
            if (!status && o->reorder && !o->output) status = reorder(o);
        }
        if (!status) status = dnnl_primitive_execute(p->primitive, stream, count, arguments);
        for (int i = 0; i < p->count && !status; i++) {
            if (p->operands[i].reorder && p->operands[i].output) status = reorder(&p->operands[i]);
        }
    }
    dnnl_status_t finished = dnnl_stream_wait(stream);
    if (p->serial) plan_set_threads(threads);
    return status ? status : finished;
}

// ---- what the library says of itself --------------------------------------------------------------------------------

const char *cdnnl_status(int status) {
    switch (status) {
    case dnnl_success: return "success";
    case dnnl_out_of_memory: return "out of memory";
    case dnnl_invalid_arguments: return "invalid arguments";
    case dnnl_unimplemented: return "not implemented on this processor";
    case dnnl_iterator_ends: return "no implementation left";
    case dnnl_runtime_error: return "runtime error";
    case dnnl_not_required: return "not required";
    default: return "unknown status";
    }
}

const char *cdnnl_version(void) {
    static char text[40];
    static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&writing);
    if (!text[0]) {
        const dnnl_version_t *v = dnnl_version();
        snprintf(text, sizeof text, "%d.%d.%d", v->major, v->minor, v->patch);
    }
    pthread_mutex_unlock(&writing);
    return text;
}

const char *cdnnl_isa(void) {
    switch (dnnl_get_effective_cpu_isa()) {
    case dnnl_cpu_isa_sse41: return "sse41";
    case dnnl_cpu_isa_avx: return "avx";
    case dnnl_cpu_isa_avx2: return "avx2";
    case dnnl_cpu_isa_avx2_vnni: return "avx2_vnni";
    case dnnl_cpu_isa_avx512_core: return "avx512_core";
    case dnnl_cpu_isa_avx512_core_vnni: return "avx512_core_vnni";
    case dnnl_cpu_isa_avx512_core_bf16: return "avx512_core_bf16";
    case dnnl_cpu_isa_avx512_core_amx: return "avx512_core_amx";
    default: return "other";
    }
}

void cdnnl_clear(void) {
    forget();
    // The library keeps primitives too; giving it no room for a moment empties that store.
    int capacity = 0;
    if (dnnl_get_primitive_cache_capacity(&capacity) == dnnl_success && capacity > 0) {
        dnnl_set_primitive_cache_capacity(0);
        dnnl_set_primitive_cache_capacity(capacity);
    }
}
