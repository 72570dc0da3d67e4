# Steps that are counted: sourced by .ci/check and .ci/run.
#
# $MILLRACE_RESULTS is a folder; every step leaves a file there, from which .ci/totals.mjs counts: `<n>.step` holds the name and "passed" or "failed",
# `<n>.json` is a report of vitest. No step stops the script that runs it.

# Seconds that are left of the budget; at least one, so that `timeout` still ends what is started.
seconds_left() {
  local left=$((${MILLRACE_DEADLINE:-$(($(date +%s) + 600))} - $(date +%s)))
  echo $((left > 1 ? left : 1))
}

next_result() {
  local count
  count=$(find "$MILLRACE_RESULTS" -type f | wc -l)
  printf '%s/%03d' "$MILLRACE_RESULTS" "$count"
}

# step <name> <command…>: counts as one test.
step() {
  local name=$1 result
  shift
  printf '\n== %s\n' "$name"
  result=$(next_result)
  if timeout --kill-after=10 "$(seconds_left)" "$@" </dev/null; then
    echo "passed $name" >"$result.step"
  else
    local code=$?
    printf '== FAILED: %s (exit code %s)\n' "$name" "$code" >&2
    echo "failed $name" >"$result.step"
  fi
}

# suite <name> <command…>: runs vitest, whose tests are counted; counts as one failed test more if it fails without saying which.
suite() {
  local name=$1 result
  shift
  printf '\n== %s\n' "$name"
  result=$(next_result)
  if MILLRACE_REPORT="$result.json" timeout --kill-after=10 "$(seconds_left)" "$@" </dev/null; then
    [ -s "$result.json" ] || echo "failed $name (no report)" >"$result.step"
  else
    local code=$?
    printf '== FAILED: %s (exit code %s)\n' "$name" "$code" >&2
    node .ci/totals.mjs --names-a-failure "$result.json" || echo "failed $name" >"$result.step"
  fi
}
