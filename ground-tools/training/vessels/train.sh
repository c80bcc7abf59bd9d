#!/usr/bin/env bash
# Makes vessel-detector from nothing: fits -> leave-one-port-out study -> graph, numbers, card. WORK keeps what is in between.
# SEN2SHIPS: the folder with boxes.jsonl and the pictures; EUROSAT: that with manifest.csv and the tiles.
set -euo pipefail
cd "$(dirname "$0")/../../.."
here=ground-tools/training/vessels
work=${WORK:-out/training/vessel-detector}
models=fsw/missions/earth-watch/models
: "${SEN2SHIPS:=../shared/data/sen2ships}"
: "${EUROSAT:=../shared/data/eurosat}"
export OMP_NUM_THREADS=1

mkdir -p "$work"
[ -n "${PYTHON:-}" ] || [ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"
python=${PYTHON:-$work/venv/bin/python}
[ -n "${PYTHON:-}" ] || "$python" -m pip install --quiet -r "$here/requirements.txt"
for seed in ${SEEDS:-0}; do
  for port in algiers cartagena casablanca gdynia hedland honolulu klang marseille san_francisco valencia; do
    [ -f "$work/fits/$port-$seed.pt" ] || "$python" "$here/train.py" "$SEN2SHIPS" "$EUROSAT" "$work/fits" --without "$port" --seed "$seed"
  done
done
[ -f "$work/fits/all-0.pt" ] || "$python" "$here/train.py" "$SEN2SHIPS" "$EUROSAT" "$work/fits"
"$python" "$here/evaluate.py" "$SEN2SHIPS" "$work/fits" "$work/study.json"
"$python" "$here/publish.py" "$SEN2SHIPS" "$EUROSAT" "$work/fits" "$work/study.json" "$models"
npx biome check --write "$models"
echo "Now sign it: npm run perigee -- model sign $models"
echo "Speed of the number formats: $python $here/variants.py $models $SEN2SHIPS"
