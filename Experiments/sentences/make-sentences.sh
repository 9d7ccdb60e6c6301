#!/bin/bash
# Experiments/sentences/make-sentences.sh [FOLDER]
# Short English sentences and phrases: the 48,000 usage examples of WordNet 3.0, from Debian's wordnet-base, one a line. Makes, each with
# train.txt, held-out.txt (every twentieth, the same in all) and the licence that allows it:
#
#     FOLDER          two thirds of the others, for models; data/sentences if left out
#     FOLDER/judges   the last third, for models that say how likely sentences are
#     FOLDER/codecs   all of them, and the English names of emoji that models are trained on
#
# The package is unpacked, not installed.
set -euo pipefail
out=${1:-data/sentences}
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && apt-get download -qq wordnet-base 2> /dev/null) \
  || { echo "wordnet-base could not be downloaded: apt-get update, and try again" >&2; exit 2; }
dpkg -x "$work"/wordnet-base_*.deb "$work/unpacked"
# An example stands in quotes in the gloss of its word; what another author wrote has its name behind the quotes and is left out.
cat "$work"/unpacked/usr/share/wordnet/data.{noun,verb,adj,adv} | grep -v '^  ' | sed 's/^[^|]*| //' \
  | grep -oP '"[^"]{3,200}"(?=\s*(;|$))' | tr -d '"' | sed -E 's/^[[:space:]]+|[[:space:]]+$//g; s/[[:space:]]+/ /g' \
  | LC_ALL=C sort -u | LC_ALL=C grep -P '^[\x20-\x7e]+$' > "$work/all.txt"
judges=$out/judges codecs=$out/codecs
mkdir -p "$judges" "$codecs"
awk -v held="$out/held-out.txt" -v train="$out/train.txt" -v judges="$judges/train.txt" \
  '{ print > (NR % 20 == 0 ? held : NR % 3 == 0 ? judges : train) }' "$work/all.txt"
for folder in "$out" "$judges" "$codecs"; do
  cp "$work/unpacked/usr/share/doc/wordnet-base/copyright" "$folder/LICENSE.wordnet.txt"
  test "$folder" = "$out" || cp "$out/held-out.txt" "$folder"
done
emoji=$(cd "$(dirname "$0")/../.." && pwd)/Assets/datasets/emoji
cp "$emoji/LICENSE.names.txt" "$codecs"
(cat "$out/train.txt" "$judges/train.txt"; grep '"split":"train"' "$emoji/metadata.jsonl" | grep -oP '"text":"\K[^"]+(?=")') \
  > "$codecs/train.txt"
wc -l "$out"/{train,held-out}.txt "$judges/train.txt" "$codecs/train.txt"
