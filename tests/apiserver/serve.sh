#!/usr/bin/env bash
# Starts etcd and kube-apiserver on loopback, prints a folder with its kubeconfig once the server
# answers, and stops both when stdin ends: whoever holds the pipe open owns the server, and a test that
# is killed leaves nothing behind. For a look around: `tests/apiserver/serve.sh`, and Ctrl-D when done.
set -euo pipefail
cache=$("$(dirname "$0")/build.sh")
bin=${KUBEBUILDER_ASSETS:-$cache/bin}
run=$(mktemp -d "${TMPDIR:-/tmp}/gitlab-render-apiserver.XXXXXX")
pids=()
stop() {
  [ ${#pids[@]} -eq 0 ] || kill -KILL "${pids[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$run"
}
trap stop EXIT
trap 'exit 1' INT TERM HUP

die() {
  printf 'tests/apiserver/serve.sh: %s\n' "$1" >&2
  tail -n 15 "$run"/*.log >&2
  exit 1
}

# Free now; the kernel hands such numbers out in turn, so another program hardly gets one in between.
ports() {
  python3 - <<'PY'
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(s.getsockname()[1] for s in sockets))
PY
}
read -r client peer secure < <(ports)

umask 077
token=$(openssl rand -hex 16)
openssl ecparam -name prime256v1 -genkey -noout -out "$run/account.key"
printf '%s,admin,admin,system:masters\n' "$token" >"$run/tokens.csv"

"$bin/etcd" --data-dir "$run/etcd" --unsafe-no-fsync --log-level error \
  --listen-client-urls "http://127.0.0.1:$client" --advertise-client-urls "http://127.0.0.1:$client" \
  --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
  --initial-cluster "default=http://127.0.0.1:$peer" >"$run/etcd.log" 2>&1 </dev/null &
pids+=($!)
"$bin/kube-apiserver" --etcd-servers "http://127.0.0.1:$client" --cert-dir "$run/certificates" \
  --bind-address 127.0.0.1 --secure-port "$secure" --token-auth-file "$run/tokens.csv" \
  --service-account-issuer https://localhost --service-account-key-file "$run/account.key" \
  --service-account-signing-key-file "$run/account.key" --service-cluster-ip-range 10.0.0.0/16 \
  --authorization-mode RBAC --allow-privileged --disable-admission-plugins ServiceAccount \
  >"$run/kube-apiserver.log" 2>&1 </dev/null &
pids+=($!)

printf 'https://127.0.0.1:%s' "$secure" >"$run/url"
printf '%s' "$token" >"$run/token"
printf '%s' "$bin/kubectl" >"$run/kubectl"
[ ! -x "$cache/helm" ] || printf '%s' "$cache/helm" >"$run/helm"
cat >"$run/kubeconfig" <<KUBECONFIG
apiVersion: v1
kind: Config
current-context: test
contexts: [{name: test, context: {cluster: test, user: test}}]
clusters: [{name: test, cluster: {server: "https://127.0.0.1:$secure", certificate-authority: "$run/ca.crt"}}]
users: [{name: test, user: {token: "$token"}}]
KUBECONFIG

kubectl() { "$bin/kubectl" --kubeconfig "$run/kubeconfig" "$@"; }
for ((tries = 0; ; tries++)); do
  # the server makes its certificate itself, and signs it itself
  cp "$run/certificates/apiserver.crt" "$run/ca.crt" 2>/dev/null && kubectl get --raw /readyz >/dev/null 2>&1 && break
  kill -0 "${pids[@]}" 2>/dev/null || die 'a server ended before it was ready'
  [ "$tries" -lt 600 ] || die 'the API server is not ready after a minute'
  sleep 0.1
done
kubectl create -f "$cache/crds" >"$run/crds.log" 2>&1 || die 'the custom resource definitions were not taken'
kubectl wait --for condition=Established --timeout 60s customresourcedefinitions --all >"$run/crds.log" 2>&1 ||
  die 'the custom resource definitions are not served'

printf '%s\n' "$run"
while read -r _; do :; done
