#!/usr/bin/env bash
# Makes the earth-watch models from nothing: tiles -> fit -> export, scores -> int8, card. WORK keeps what is in between.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=ground-tools/training
work=${WORK:-out/training}
models=fsw/missions/earth-watch/models

[ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet -r "$here/requirements.txt"
[ -f "$work/tiles/meta.json" ] || npx ts-node hwtests/datasets/makeTiles.ts --out "$work/tiles" --tiles 48000 --seed 1
for model in cloud-screener surface-vit; do
  "$work/venv/bin/python" "$here/train.py" "$model" --tiles "$work/tiles" --work "$work/fits"
done
"$work/venv/bin/python" "$here/publish.py" --tiles "$work/tiles" --work "$work/fits" --out "$models"
"$work/venv/bin/python" "$here/quantise.py" --tiles "$work/tiles" --models "$models"
npx biome check --write "$models"
echo "Now sign them: npm run perigee -- model sign $models (see $here/README.md)"
