#!/usr/bin/env bash
# From the start of a process to its first PNG: latentlab and diffusers in turns, on models of the same shape with random weights.
#
#     first-png.sh [RUNS]        $LATENTLAB (else .build/release/latentlab), $LATENTLAB_PEER_PYTHON (else python3)
#
# Both load a DiT (width 256, depth 8, heads 4, patch 1 on 8x8x4) and an f8 autoencoder from disk in f32, take 20 steps of
# DPM-Solver++(2M) with guidance 4 for one class, decode one 64x64 picture and write it. One round to warm the disk's cache is
# not counted. Milliseconds of each round, then the medians and their ratio.
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=${1:-7}
ours=$(realpath "${LATENTLAB:-.build/release/latentlab}")
python=${LATENTLAB_PEER_PYTHON:-python3}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

"$ours" init Experiments/benchmarks/first-png-kl.yaml --out "$place/kl"
"$ours" init Experiments/benchmarks/first-png-dit.yaml --set "codec.from=$place/kl" --out "$place/dit"
"$python" Experiments/benchmarks/first-png.py --prepare "$place/diffusers" --size small >/dev/null 2>&1

now() { date +%s%N; }
for ((run = 0; run <= runs; run++)); do
  a=$(now)
  "$ours" sample "$place/dit" --class 0 --out "$place/ours.png" --quiet
  b=$(now)
  "$python" Experiments/benchmarks/first-png.py "$place/diffusers" "$place/theirs.png" >/dev/null 2>&1
  c=$(now)
  test -s "$place/ours.png" -a -s "$place/theirs.png"
  if ((run > 0)); then echo "$(((b - a) / 1000000)) $(((c - b) / 1000000))" | tee -a "$place/times"; fi
done
median() { cut -d' ' -f"$1" "$place/times" | sort -n | sed -n "$(((runs + 1) / 2))p"; }
awk -v a="$(median 1)" -v b="$(median 2)" 'BEGIN { printf "latentlab %d ms, diffusers %d ms, %.1f times\n", a, b, b / a }'
