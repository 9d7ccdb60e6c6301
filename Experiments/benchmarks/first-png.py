"""From the start of a process to the first picture: PyTorch's side.

    first-png.py --prepare FOLDER [--size s|b|small]     writes a DiTPipeline with random weights, once
    first-png.py FOLDER OUT.png [--steps 20] [--guidance 4] [--dtype f32|bf16] [--threads N]

The pipeline is diffusers' own: DiTTransformer2DModel (s, b: patch 2 on 4x32x32, 1000 classes; small: width 256, depth 8,
heads 4, patch 1 on 4x8x8, 99 classes; 8 channels out) and the AutoencoderKL of workloads.py (f8), so s and b make a picture
of 256x256 and small one of 64x64. DPM-Solver++ of order 2, guidance by one doubled batch, class 0, one picture, PNG by Pillow.
Loading from disk and importing count: they are what a user waits for. Prints one JSON line,

    {"ms": from the start of the process, "import_ms", "load_ms", "sample_ms", "peak_rss_mb", "threads", "dtype"}

where ms comes from the kernel's start time of this process (10 ms fine), so that the interpreter's own start counts too.
"""

import argparse
import json
import os
import resource


def since_start():
    """Milliseconds since the kernel started this process."""
    with open("/proc/self/stat") as stat, open("/proc/uptime") as uptime:
        ticks = int(stat.read().rpartition(")")[2].split()[19])
        return (float(uptime.read().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")) * 1e3


def arguments():
    parser = argparse.ArgumentParser(description="from process start to the first PNG, with diffusers")
    parser.add_argument("folder")
    parser.add_argument("out", nargs="?")
    parser.add_argument("--prepare", action="store_true")
    parser.add_argument("--size", choices=("s", "b", "small"), default="s")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=4.0)
    parser.add_argument("--dtype", choices=("f32", "bf16"), default="f32")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    if not options.prepare and options.out is None:
        parser.error("OUT.png is missing")
    return options


def prepare(options):
    import torch
    from diffusers import DiTPipeline, DiTTransformer2DModel, DPMSolverMultistepScheduler

    from torch_dit import SIZES
    from workloads import autoencoder

    torch.manual_seed(0)
    width, depth, heads = SIZES[options.size]
    small = options.size == "small"
    transformer = DiTTransformer2DModel(
        num_attention_heads=heads, attention_head_dim=width // heads, in_channels=4, out_channels=8, num_layers=depth,
        sample_size=8 if small else 32, patch_size=1 if small else 2, num_embeds_ada_norm=99 if small else 1000)
    scheduler = DPMSolverMultistepScheduler(
        beta_schedule="linear", beta_start=1e-4, beta_end=0.02, algorithm_type="dpmsolver++", solver_order=2,
        solver_type="midpoint", lower_order_final=True, timestep_spacing="linspace")
    DiTPipeline(transformer=transformer, vae=autoencoder(), scheduler=scheduler).save_pretrained(options.folder)
    print(json.dumps({"prepared": options.folder, "size": options.size}))


def main():
    options = arguments()
    if options.prepare:
        return prepare(options)
    import torch
    from diffusers import DiTPipeline

    imported = since_start()
    torch.set_num_threads(options.threads)
    kind = torch.bfloat16 if options.dtype == "bf16" else torch.float32
    pipeline = DiTPipeline.from_pretrained(options.folder, dtype=kind, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    loaded = since_start()
    # The pipeline's null class is fixed at 1000; with fewer classes the table ends earlier, so guidance is our own loop.
    picture = sample(pipeline, options, kind)
    picture.save(options.out)
    done = since_start()
    print(json.dumps({
        "ms": round(done), "import_ms": round(imported), "load_ms": round(loaded - imported),
        "sample_ms": round(done - loaded), "threads": options.threads, "dtype": options.dtype,
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)}))


def sample(pipeline, options, kind):
    import torch
    from PIL import Image

    transformer, vae, scheduler = pipeline.transformer, pipeline.vae, pipeline.scheduler
    side, classes = transformer.config.sample_size, transformer.config.num_embeds_ada_norm
    generator = torch.Generator().manual_seed(0)
    scheduler.set_timesteps(options.steps)
    with torch.inference_mode():
        x = torch.randn(1, 4, side, side, generator=generator)
        labels = torch.tensor([0, classes])
        for t in scheduler.timesteps:
            out = transformer(torch.cat([x, x]).to(kind), timestep=t.expand(2), class_labels=labels).sample
            given, free = out[:, :4].float().chunk(2)
            x = scheduler.step(free + options.guidance * (given - free), t, x).prev_sample
        image = vae.decode((x / vae.config.scaling_factor).to(kind)).sample[0].float()
    pixels = ((image.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).numpy()
    return Image.fromarray(pixels)


if __name__ == "__main__":
    main()
