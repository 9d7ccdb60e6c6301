"""PyTorch's side of `latentlab bench`.

    peer.py WORKLOAD [--mode eager|compile] [--dtype f32|bf16] [--steps N] [--warmup N] [--threads N] [--interleave]

The workloads, and what bf16 means in each, are written down in workloads.py. One JSON object a line on standard output:

    {"ready": true, "workload", "mode", "dtype", "threads", "torch", "setup_ms", "peak_rss_mb"}      after warming up
    {"ms": ..., "peak_rss_mb": ...}                                                                  after each step

Without --interleave it does --steps steps and ends. With it, each line `run` on standard input asks for one step, and
`quit` or the end of the input ends it, so that another program can take turns with it: ours, theirs, ours, theirs.
A failure is one line {"error": ...} and exit status 1.
"""

import argparse
import json
import os
import resource
import sys
import time

NAMES = ("dit-s2-train", "dit-small-train", "dit-s2-forward", "dit-b2-forward-1", "dit-b2-forward-8",
         "dit-b2-forward-8-free", "dit-s2-sample", "token-sample", "sentence-sample", "kl-train", "kl-decode", "mel")


def say(**record):
    print(json.dumps(record), flush=True)


def peak():
    """The most memory this process has held, in MB (the kernel counts kB)."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def arguments():
    parser = argparse.ArgumentParser(description="PyTorch's side of latentlab bench")
    parser.add_argument("workload", choices=NAMES)
    parser.add_argument("--mode", choices=("eager", "compile"), default="eager")
    parser.add_argument("--dtype", choices=("f32", "bf16"), default="f32")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--interleave", action="store_true")
    return parser.parse_args()


def requests(options):
    if not options.interleave:
        yield from range(options.steps)
        return
    for line in sys.stdin:
        if line.strip() == "quit":
            return
        if line.strip() == "run":
            yield


def main():
    options = arguments()
    begun = time.perf_counter()
    import torch

    from workloads import WORKLOADS

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    step = WORKLOADS[options.workload](options.mode, options.dtype)
    for _ in range(options.warmup):
        step()
    say(ready=True, workload=options.workload, mode=options.mode, dtype=options.dtype, threads=options.threads,
        torch=torch.__version__, setup_ms=round((time.perf_counter() - begun) * 1e3, 1), peak_rss_mb=peak())
    for _ in requests(options):
        start = time.perf_counter()
        step()
        say(ms=round((time.perf_counter() - start) * 1e3, 3), peak_rss_mb=peak())


if __name__ == "__main__":
    try:
        main()
    except (ImportError, RuntimeError, MemoryError) as failure:
        say(error=f"{type(failure).__name__}: {failure}".splitlines()[0])
        sys.exit(1)
