// A plan is one oneDNN primitive ready to run: its memories, the reorders between the caller's layouts and its own, and where in the
// arena its scratch lies. Plans are kept by key; every thread has its own plans and its own arena.
#ifndef CDNNL_PLAN_H
#define CDNNL_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oneapi/dnnl/dnnl.h"

enum plan_kind { PLAN_FORWARD = 1, PLAN_BACKWARD_DATA, PLAN_BACKWARD_WEIGHTS, PLAN_MATMUL, PLAN_TILE };

/// Everything a primitive was made for. Unused values are 0.
typedef struct {
    int64_t values[22];
} plan_key;

#define PLAN_OPERANDS 4

/// One argument of a primitive. `user` has the caller's layout, `inner` the primitive's; without a reorder they are one.
typedef struct {
    int argument;
    bool output;
    dnnl_memory_t user, inner;
    dnnl_primitive_t reorder;
    size_t arena_offset;    // of `inner`, where there is a reorder
    size_t bytes;           // of `inner`
} plan_operand;

typedef struct plan {
    plan_key key;
    struct plan *next;
    dnnl_primitive_t primitive;
    bool serial;    // made for one thread and run by one
    int count;
    plan_operand operands[PLAN_OPERANDS];
    dnnl_memory_t scratchpad;
    size_t scratchpad_offset, scratchpad_bytes, arena_bytes;
} plan;

/// Before anything else here: makes the engine and the calling thread's stream where they are missing.
dnnl_status_t plan_enter(void);
dnnl_engine_t plan_engine(void);

/// The kept plan of `key`, or NULL.
plan *plan_find(const plan_key *key);
/// An empty plan that plan_make_primitive, plan_add_operand and plan_keep complete; plan_drop frees one that failed.
plan *plan_begin(const plan_key *key);
dnnl_status_t plan_make_primitive(plan *p, dnnl_primitive_desc_t description);
/// `user` is the caller's layout; `description` says with `query` (and index 0) what layout the primitive takes.
dnnl_status_t plan_add_operand(
    plan *p, int argument, bool output, const dnnl_memory_desc_t *user, dnnl_primitive_desc_t description, dnnl_query_t query,
    int index);
void plan_keep(plan *p);
void plan_drop(plan *p);
/// Attributes every primitive is made with: scratch is ours. The caller destroys them.
dnnl_status_t plan_attributes(dnnl_primitive_attr_t *attributes);

/// A buffer for one operand, in the order they were added; `step` bytes are added to it at each repetition.
typedef struct {
    void *pointer;
    size_t step;
} plan_buffer;

/// Runs the primitive `repetitions` times. An input that does not step is reordered once. Synchronous.
dnnl_status_t plan_run(plan *p, const plan_buffer *buffers, int64_t repetitions);

/// Brings one input from the caller's layout at `from` to the primitive's at `to`.
dnnl_status_t plan_reorder_input(plan_operand *o, void *from, void *to);

/// At least `bytes` of scratch at a cache line's boundary, kept between calls; NULL when memory is out. Its content does not last.
void *plan_arena(size_t bytes);
int plan_threads(void);
/// Threads that the calling thread's primitives are made for and run by, from here on.
void plan_set_threads(int threads);

#endif
