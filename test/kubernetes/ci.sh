#!/usr/bin/env bash
# The tests of this folder on a cluster that is brought up for them, and brought down whatever happens: first with everything, then one without
# cert-manager. STARLING_TEST_CLUSTER is the tool that does it. The last line sums up: "12 passed, 0 failed, 1 skipped".
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

cluster=${STARLING_TEST_CLUSTER:?is the path of the tool that brings a cluster up}
results=$(mktemp -d)
passed=0 failed=0 skipped=0
finish() {
  "$cluster" down 2>&1
  rm -rf "$results"
  echo "$passed passed, $failed failed, $skipped skipped"
}
trap finish EXIT
trap 'failed=$((failed + 1)); exit 1' INT TERM

broken() { echo "$1"; failed=$((failed + 1)); exit 1; }

tests() { # title, then arguments of vitest: runs some of the tests inside, adds what came out
  local report=$results/$1.json; shift
  "$cluster" run -- npm run --silent test:kubernetes -- --reporter=default --reporter=json --outputFile.json="$report" "$@"
  local counts
  # A file that could not run has no tests that failed; it counts as one.
  counts=$(node -e '
    const report = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
    const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"));
    console.log(report.numPassedTests, report.numFailedTests + broken.length, report.numPendingTests + report.numTodoTests);
  ' "$report") || counts="0 1 0"
  local p f s; read -r p f s <<<"$counts"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

"$cluster" up --without-cert-manager || broken "no cluster without cert-manager"
version=$(sed -n 's/^appVersion: "\(.*\)"/\1/p' charts/starling/Chart.yaml)
for target in node ui; do
  "$cluster" build -t "localhost/starling-$target:$version" --target "$target" . >"$results/build.log" 2>&1 || { tail -n 40 "$results/build.log"; broken "the image $target cannot be built"; }
done
tests without-cert-manager test/kubernetes/without-cert-manager.test.ts
"$cluster" down

"$cluster" up --with-monitoring || broken "no cluster"
for target in node ui; do "$cluster" load "localhost/starling-$target:$version"; done
tests everything --exclude test/kubernetes/without-cert-manager.test.ts

[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
