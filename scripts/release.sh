#!/usr/bin/env bash
# Makes everything that a release consists of, from what is committed, into release/. Nothing is published.
set -euo pipefail

usage() {
  cat <<'TEXT'
npm run release -- [options]

  --dry-run            the notes are those of "Unreleased" where CHANGELOG.md has none of the version, and what is not committed is left out
  --compression NAME   of the Debian packages: xz, gzip or none. Default: xz

Into release/ go the package of npm, the Debian packages for amd64 and arm64, the release notes, lists of what is in it (SBOM, CycloneDX and
SPDX) and SHA256SUMS.
TEXT
}

dry_run='' compression=xz
while (($# > 0)); do
  case $1 in
    --help) usage && exit ;;
    --dry-run) dry_run=1 ;;
    --compression) compression=$2 && shift ;;
    *) usage >&2 && exit 2 ;;
  esac
  shift
done

cd "$(dirname "$0")/.."
if [[ -z $dry_run && -n $(git status --porcelain) ]]; then
  echo 'there are changes that are not committed: commit them first' >&2
  exit 1
fi
release=$PWD/release
rm -rf "$release"
mkdir "$release"
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git archive HEAD | tar -x -C "$work"
cd "$work"

version=$(node -p 'require("./package.json").version')
npm ci --loglevel=error --ignore-scripts --no-audit --no-fund --prefer-offline
npx tsc -p scripts/tsconfig.json
notes() { node build/scripts/release-notes-main.js "$1" >"$release/release-notes.md"; }
notes "$version" || { [[ -n $dry_run ]] && notes Unreleased; }

for format in cyclonedx spdx; do
  npm sbom --loglevel=error --omit=dev --sbom-type=application --sbom-format="$format" >"$release/mqtt-sn-gateway-$version.$format.json"
done

tarball=$release/$(npm pack --loglevel=error --pack-destination "$release" | tail -n 1)
packaging/deb/build.sh --tarball "$tarball" --output "$release" --compression "$compression"
if command -v lintian >/dev/null; then
  lintian --allow-root --fail-on error,warning "$release"/*.deb
else
  echo 'lintian is not installed: nobody has looked at the Debian packages' >&2
fi

cd "$release"
sha256sum -- * >"$work/SHA256SUMS"
cp "$work/SHA256SUMS" .
ls -l
