#!/usr/bin/env bash
# Builds the Debian package from what `npm pack` gives. The same sources at the same SOURCE_DATE_EPOCH give the same octets.
set -euo pipefail

usage() {
  cat <<'TEXT'
packaging/deb/build.sh [options]

  --arch amd64|arm64   architecture of the package; may be given several times. Default: both
  --tarball FILE       the package of npm to build from. Default: npm pack makes it
  --output FOLDER      where the packages go. Default: release
  --compression NAME   xz, gzip or none, as of dpkg-deb. Default: xz

The dependencies and Node come from the npm registry: the versions of package-lock.json and packaging/deb/node-runtime.
TEXT
}

architectures=() tarball='' output=release compression=xz
while (($# > 0)); do
  case $1 in
    --help) usage && exit ;;
    --arch) architectures+=("$2") ;;
    --tarball) tarball=$(realpath "$2") ;;
    --output) output=$2 ;;
    --compression) compression=$2 ;;
    *) usage >&2 && exit 2 ;;
  esac
  shift 2
done
((${#architectures[@]} > 0)) || architectures=(amd64 arm64)

sources=$(realpath "$(dirname "$0")/../..")
mkdir -p "$output"
output=$(realpath "$output")
cd "$sources"
umask 022
export LC_ALL=C.UTF-8
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# pack [ARGUMENT...]: npm pack into $work, says the path of what came out. What a script of the package says is only of interest where it fails.
pack() {
  local said
  said=$(npm pack --loglevel=error --prefer-offline --pack-destination "$work" "$@") || { echo "$said" >&2 && return 1; }
  echo "$work/$(tail -n 1 <<<"$said")"
}

npx tsc -p scripts/tsconfig.json
[[ -n $tarball ]] || tarball=$(pack)

# ---- what is the same for every architecture

program=$work/program
mkdir "$program"
tar -xzf "$tarball" -C "$program" --strip-components=1 --no-same-owner
version=$(node -p 'require(process.argv[1]).version' "$program/package.json")
# In the order of Debian a ~ comes before nothing: 1.0.0~rc.1 before 1.0.0.
debian_version=${version/-/\~}-1
cp package-lock.json "$program/"
(cd "$program" && npm ci --loglevel=error --omit=dev --ignore-scripts --no-audit --no-fund --prefer-offline)
rm "$program/package-lock.json" "$program/node_modules/.package-lock.json"
rm -rf "$program/node_modules/.bin"

# Of the dependencies what runs, and its licences.
(
  cd "$program/node_modules"
  rm -rf @types
  find . -depth -name '.?*' ! -path . -exec rm -rf {} +
  find . -depth -type d -regex '.*/\(tests?\|__tests__\|benchmarks?\|bench\|examples?\|docs?\|coverage\)' \
    ! -regex '.*/\(dist\|lib\|build\|src\|cjs\|esm\)/.*' -exec rm -rf {} +
  find . -type f \( -name '*.ts' -o -name '*.cts' -o -name '*.mts' -o -name '*.map' -o -name '*.cc' -o -name '*.h' \
    -o -name '*.gyp' -o -name '*.sh' -o -name '*.yml' -o -name '*.html' -o -name '*.zip' -o -name '*.png' -o -name '*.tsbuildinfo' \) -delete
  find . -type f -iname '*.md' ! -iname 'licen[cs]e*' ! -iname 'copying*' ! -iname 'notice*' -delete
  # LevelDB and Snappy are in the binary that is used: what they are built from goes, their licences stay.
  find classic-level/deps -type f ! -iname 'licen[cs]e*' ! -iname 'copying*' -delete
  find . -type d -empty -delete
  # None of them is a command here.
  find . -type f -exec chmod 0644 {} +
)

# A manual page of what --help says.
manual() {
  local name=mqtt-sn-gateway command
  printf '.TH MQTT\\-SN\\-GATEWAY 1 "%s" "%s" "User Commands"\n' "$(date -u -d "@$SOURCE_DATE_EPOCH" +%F)" "$name $version"
  printf '.SH NAME\n%s \\- MQTT\\-SN gateway\n' "${name//-/\\-}"
  printf '.SH SYNOPSIS\n.B %s\n[command] [options]\n' "${name//-/\\-}"
  for command in '' run check publish subscribe simulate decode; do
    # shellcheck disable=SC2086 # no argument at all where there is no command
    node "$program/dist/cli/main.js" $command --help >"$work/help" 2>/dev/null || continue
    [[ -z $command ]] && printf '.SH DESCRIPTION\n' || printf '.SH COMMAND %s\n' "${command^^}"
    printf '.nf\n'
    sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^\([.']\)/\\\\\&\1/" "$work/help"
    printf '.fi\n'
  done
  printf '.SH FILES\n.TP\n.I /etc/mqtt\\-sn\\-gateway/gateway.yaml\nconfiguration of the service\n'
  printf '.TP\n.I /var/lib/mqtt\\-sn\\-gateway\nwhat survives a restart\n'
}

# ---- one package

build() {
  local architecture=$1 root=$work/$1 package runtime_version integrity prebuild
  local lib=$root/usr/lib/mqtt-sn-gateway doc=$root/usr/share/doc/mqtt-sn-gateway
  case $architecture in
    amd64) prebuild=linux-x64/classic-level.node ;;
    arm64) prebuild=linux-arm64/classic-level.armv8.node ;;
    *) echo "there is no package for $architecture" >&2 && exit 2 ;;
  esac
  read -r _ package runtime_version integrity < <(grep "^$architecture " packaging/deb/node-runtime)

  mkdir -p "$root"/{DEBIAN,etc/mqtt-sn-gateway,usr/bin,usr/lib/{systemd/system,sysusers.d},usr/share/man/man1} "$lib"/{bin,node} "$doc"
  cp -R "$program"/{package.json,dist,node_modules} "$lib/"
  chmod 644 "$lib/dist/cli/main.js"
  ln -s ../dist/cli/main.js "$lib/bin/mqtt-sn-gateway"
  find "$lib/node_modules/classic-level/prebuilds" -type f ! -path "*/$prebuild" -delete
  find "$lib/node_modules/classic-level/prebuilds" -type d -empty -delete
  [[ -f $lib/node_modules/classic-level/prebuilds/$prebuild ]]

  local archive
  archive=$(pack "$package@$runtime_version")
  if [[ $(openssl dgst -sha512 -binary "$archive" | base64 -w 0) != "$integrity" ]]; then
    echo "$package@$runtime_version is not what packaging/deb/node-runtime says" >&2
    exit 1
  fi
  tar -xzf "$archive" -C "$lib/node" --strip-components=1 --no-same-owner package/LICENSE
  tar -xzf "$archive" -C "$lib/node" --strip-components=2 --no-same-owner package/bin/node

  install -m 755 packaging/deb/mqtt-sn-gateway "$root/usr/bin/"
  install -m 644 packaging/deb/gateway.yaml "$root/etc/mqtt-sn-gateway/"
  install -m 644 packaging/systemd/mqtt-sn-gateway.service "$root/usr/lib/systemd/system/"
  install -m 644 packaging/systemd/mqtt-sn-gateway.sysusers.conf "$root/usr/lib/sysusers.d/mqtt-sn-gateway.conf"
  manual | gzip -9n >"$root/usr/share/man/man1/mqtt-sn-gateway.1.gz"
  mkdir "$doc/examples"
  cp -R examples/* packaging/grafana packaging/prometheus "$doc/examples/"
  find "$doc/examples" -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
  gzip -9nc CHANGELOG.md >"$doc/changelog.gz"
  {
    printf 'mqtt-sn-gateway (%s) unstable; urgency=medium\n\n  * Version %s: see changelog.gz.\n\n' "$debian_version" "$version"
    printf ' -- %s  %s\n' "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")"
  } | gzip -9n >"$doc/changelog.Debian.gz"
  node build/scripts/debian-copyright.js "$lib" /usr/lib/mqtt-sn-gateway LICENSE >"$doc/copyright"
  install -Dm 644 packaging/deb/lintian-overrides "$root/usr/share/lintian/overrides/mqtt-sn-gateway"

  install -m 755 packaging/deb/{postinst,prerm,postrm} "$root/DEBIAN/"
  echo /etc/mqtt-sn-gateway/gateway.yaml >"$root/DEBIAN/conffiles"
  (cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
  sed -e "s|@version@|$debian_version|" -e "s|@architecture@|$architecture|" -e "s|@maintainer@|$maintainer|" \
    -e "s|@installed_kib@|$(du -ks --apparent-size --exclude=DEBIAN "$root" | cut -f1)|" \
    -e "s|@node_version@|$runtime_version|" -e "s|@node_package@|$package|" packaging/deb/control >"$root/DEBIAN/control"
  find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
  dpkg-deb --root-owner-group -Z"$compression" --build "$root" "$output/mqtt-sn-gateway_${debian_version}_$architecture.deb"
}

maintainer=${MAINTAINER:-mqtt-sn-gateway maintainers <maintainers@mqtt-sn-gateway.invalid>}
for architecture in "${architectures[@]}"; do build "$architecture"; done
