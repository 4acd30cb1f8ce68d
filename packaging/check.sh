#!/usr/bin/env bash
# Tries what `.ci/package` made, with the programs that it is for: each package is installed or unpacked, and the program in it runs.
# What this machine lacks is left out, with a word.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
skip() { printf 'left out: %s\n' "$*"; }
fail() { printf 'wrong: %s\n' "$*"; exit 1; }
as_root() { [ "$(id -u)" = 0 ]; }
renders() { # renders COMMAND...: whether it makes manifests, from its own folder and without an environment
  local kinds
  kinds=$(env -i "$@" template --set certmanager-issuer.email=me@example.com 2>/dev/null | grep -c '^kind:')
  [ "$kinds" -gt 50 ] || fail "$* renders $kinds objects"
}

(cd dist && sha256sum --quiet -c SHA256SUMS)

mkdir "$work/tar"
tar -xzf dist/gitlab-render-"$version"-linux-amd64.tar.gz -C "$work/tar"
binary=$(realpath "$work"/tar/*/bin/gitlab-render)
renders "$binary"
printf 'archive: the program runs\n'

mkdir -p "$work/deb" "$work/image/layout" "$work/image/root"
dpkg-deb --contents dist/gitlab-render_*.deb >"$work/deb.list"
for file in usr/bin/gitlab-render usr/bin/kubectl-gitlab_render usr/share/man/man1/gitlab-render-template.1.gz \
  usr/share/bash-completion/completions/gitlab-render usr/share/doc/gitlab-render/copyright; do
  grep -q " ./$file" "$work/deb.list" || fail "the .deb has no $file"
done
if as_root && command -v debootstrap >/dev/null && debootstrap --variant=minbase stable "$work/debian" >"$work/debootstrap.log" 2>&1; then
  cp dist/gitlab-render_*.deb "$work/debian/"
  chroot "$work/debian" sh -c 'dpkg -i /gitlab-render_*.deb && gitlab-render version && dpkg -r gitlab-render' >"$work/dpkg.log" ||
    { cat "$work/dpkg.log"; fail 'the .deb is not installed in a Debian'; }
  printf 'deb: installed in a Debian, run, removed\n'
else
  # an administration folder of its own: the machine's packages stay as they are
  mkdir -p "$work/deb/var/lib/dpkg"/{updates,info,triggers}
  : >"$work/deb/var/lib/dpkg/status"
  dpkg --root="$work/deb" --force-not-root --force-depends --log=/dev/null -i dist/gitlab-render_*.deb >"$work/dpkg.log" 2>&1 ||
    { cat "$work/dpkg.log"; fail 'the .deb is not installed in a folder'; }
  renders "$work/deb/usr/bin/gitlab-render"
  printf 'deb: installed in a folder, run (a whole Debian needs root and debootstrap)\n'
fi

if command -v rpm >/dev/null; then
  rpm -qp --nosignature dist/gitlab-render-*.rpm
  rpm -qpl --nosignature dist/gitlab-render-*.rpm >"$work/rpm.list"
  grep -qx /usr/bin/gitlab-render "$work/rpm.list" || fail 'the .rpm has no program'
  mkdir "$work/rpm"
  if as_root; then
    rpm --root "$work/rpm" --initdb
    rpm --root "$work/rpm" -i --nodeps --nosignature dist/gitlab-render-*.rpm 2>"$work/rpm.err" || { cat "$work/rpm.err"; fail 'rpm does not install it'; }
  else
    (cd "$work/rpm" && rpm2cpio "$OLDPWD"/dist/gitlab-render-*.rpm | cpio -idm --quiet --no-absolute-filenames)
  fi
  renders "$work/rpm/usr/bin/gitlab-render"
  printf 'rpm: read and installed in a folder by rpm, run\n'
else
  skip 'the .rpm: rpm is not installed'
fi

tar -xf dist/gitlab-render-"$version"-image.tar -C "$work/image/layout"
python3 - "$work/image" <<'PY'
import hashlib, json, pathlib, sys, tarfile
image = pathlib.Path(sys.argv[1])
def blob(described):
    content = (image / "layout/blobs" / described["digest"].replace(":", "/")).read_bytes()
    assert len(content) == described["size"] and "sha256:" + hashlib.sha256(content).hexdigest() == described["digest"], described
    return content
index = json.loads((image / "layout/index.json").read_text())
manifest = json.loads(blob(index["manifests"][0]))
config = json.loads(blob(manifest["config"]))
[layer] = manifest["layers"]
(image / "layer.tar.gz").write_bytes(blob(layer))
with tarfile.open(image / "layer.tar.gz") as tar:
    names = tar.getnames()
    tar.extractall(image / "root")
assert config["config"]["User"] not in ("", "0", "0:0", "root"), config
assert not any(name.split("/")[-1] in ("sh", "bash", "busybox") for name in names), names
(image / "entrypoint").write_text(config["config"]["Entrypoint"][0])
(image / "user").write_text(config["config"]["User"])
PY
if as_root; then
  objects=$(chroot --userspec="$(cat "$work/image/user")" "$work/image/root" "$(cat "$work/image/entrypoint")" template \
    --set certmanager-issuer.email=me@example.com 2>/dev/null | grep -c '^kind:')
  [ "$objects" -gt 50 ] || fail "the image's program renders $objects objects"
  printf 'image: its entry point runs without rights and without anything else\n'
else
  renders "$work/image/root$(cat "$work/image/entrypoint")"
fi

mkdir "$work/path"
ln -s "$binary" "$work/path/gitlab-render"
ln -s gitlab-render "$work/path/kubectl-gitlab_render"
export PATH=$work/path:$PATH
# kubectl and Helm as the tests with an API server made them
for made in "${XDG_CACHE_HOME:-$HOME/.cache}"/gitlab-render/envtest/*; do
  PATH=$PATH:$made/bin:$made
done
if command -v kubectl >/dev/null; then
  kubectl gitlab-render version | grep -q '^gitlab-render ' || fail 'kubectl does not run the plugin'
  printf 'kubectl: runs the plugin\n'
else
  skip 'the kubectl plugin: kubectl is not installed'
fi

if command -v helm >/dev/null; then
  helm=$(command -v helm)
  export HELM_DATA_HOME=$work/helm HELM_CONFIG_HOME=$work/helm-config HELM_CACHE_HOME=$work/helm-cache
  mkdir "$work/plugin"
  tar -xzf dist/gitlab-render-"$version"-helm-plugin.tar.gz -C "$work/plugin"
  "$helm" plugin install "$work"/plugin/* >"$work/helm.log" 2>&1 || { cat "$work/helm.log"; fail 'helm does not install the plugin'; }
  "$helm" gitlab-render template prod -n team --set certmanager-issuer.email=me@example.com 2>/dev/null | grep -q 'namespace=team' ||
    fail 'helm does not hand its arguments to the plugin'
  printf 'helm: installs the plugin and runs it\n'
else
  skip 'the Helm plugin: helm is not installed'
fi

if command -v go >/dev/null || command -v kustomize >/dev/null; then
  command -v kustomize >/dev/null || [ -x target/tools/kustomize ] ||
    GOBIN=$PWD/target/tools go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.0
  kustomize=$(command -v kustomize || printf %s target/tools/kustomize)
  mkdir "$work/kustomize"
  cp packaging/kustomize/* "$work/kustomize/"
  sed -i "s,path: gitlab-render,path: $binary," "$work/kustomize/gitlab.yaml"
  "$kustomize" build --enable-alpha-plugins --enable-exec "$work/kustomize" >"$work/kustomize.yaml" 2>"$work/kustomize.err" ||
    { cat "$work/kustomize.err"; fail 'kustomize does not run the function'; }
  grep -q 'host: "\{0,1\}gitlab.example.org' "$work/kustomize.yaml" || fail 'kustomize does not hand the values to the function'
  printf 'kustomize: runs the function\n'
else
  skip 'the KRM function: neither kustomize nor Go is installed'
fi

mkdir "$work/argocd"
printf 'certmanager-issuer: {email: me@example.com}\n' >"$work/argocd/gitlab-values.yaml"
(cd "$work/argocd" && ARGOCD_APP_NAME=prod ARGOCD_APP_NAMESPACE=gitlab KUBE_VERSION=1.34 ARGOCD_ENV_GITLAB_VERSION=18.9 gitlab-render argocd) \
  >"$work/argocd.yaml" 2>/dev/null
grep -q 'argocd.argoproj.io/sync-wave' "$work/argocd.yaml" || fail 'the Argo CD plugin renders no waves'
printf 'Argo CD: what its plugin would run renders\n'
