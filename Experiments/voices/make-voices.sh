#!/bin/bash
# Experiments/voices/make-voices.sh [FOLDER]
# Spoken numbers and short phrases by eight voices of espeak-ng (Debian: apt-get install espeak-ng): 1,600 WAV files of 22,050 Hz with
# metadata.csv, about 50 minutes in 130 MB. Every tenth text is held out. The same program makes the same files.
set -euo pipefail
out=${1:-data/voices}
command -v espeak-ng > /dev/null || { echo "espeak-ng is missing: apt-get install espeak-ng" >&2; exit 2; }
mkdir -p "$out"

# Voice and variant, words a minute, pitch.
voices=(
  "en-us+m3 150 45" "en-us+f2 165 60" "en-gb+m1 140 35" "en-gb-x-rp+f3 155 55"
  "en-gb-scotland+m7 160 50" "en-029+m5 145 40" "en-gb-x-gbclan+f4 170 65" "en-gb-x-gbcwmd+m2 150 50"
)
small=(zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen)
tens=(- - twenty thirty forty fifty sixty seventy eighty ninety)
openings=("the old sailor" "a young teacher" "my quiet neighbour" "the tall girl" "her little brother")
actions=("opened" "painted" "carried" "found" "sold")
things=("the green door" "a heavy chair" "three yellow boxes" "this strange machine")

texts=()
for ((n = 0; n < 100; n++)); do
  if ((n < 20)); then texts+=("${small[n]}"); continue; fi
  word=${tens[n / 10]}
  ((n % 10)) && word+="-${small[n % 10]}"
  texts+=("$word")
done
for opening in "${openings[@]}"; do
  for action in "${actions[@]}"; do
    for thing in "${things[@]}"; do texts+=("$opening $action $thing"); done
  done
done

partial="$out/metadata.csv.partial"
echo "file_name,text,voice,split" > "$partial"
for ((t = 0; t < ${#texts[@]}; t++)); do
  split=train
  ((t % 10 == 7)) && split=held-out
  for ((v = 0; v < ${#voices[@]}; v++)); do
    read -r voice speed pitch <<< "${voices[v]}"
    name=$(printf "%03d-%d.wav" "$t" "$v")
    espeak-ng -v "$voice" -s "$speed" -p "$pitch" -a 100 -w "$out/$name" "${texts[t]}"
    echo "$name,${texts[t]},$voice,$split" >> "$partial"
  done
done
mv "$partial" "$out/metadata.csv"
echo "$out: $((${#texts[@]} * ${#voices[@]})) files"
