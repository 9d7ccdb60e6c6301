#!/bin/bash
# Experiments/sentences/make-sentences.sh [FOLDER]
# Short English sentences and phrases: the 48,000 usage examples of WordNet 3.0, from Debian's wordnet-base, one a line in train.txt and
# held-out.txt (every twentieth), with the licence that allows it beside them. The package is unpacked, not installed.
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
awk -v held="$out/held-out.txt" -v train="$out/train.txt" '{ print > (NR % 20 == 0 ? held : train) }' "$work/all.txt"
cp "$work/unpacked/usr/share/doc/wordnet-base/copyright" "$out/LICENSE.wordnet.txt"
wc -l "$out/train.txt" "$out/held-out.txt"
