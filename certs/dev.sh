#!/usr/bin/env bash
# Creates a development CA and a serving certificate for rolegate; needs only
# openssl. It can be run again at any time: what is still valid is kept.
set -euo pipefail
umask 077

usage() {
  cat <<'EOF'
usage: certs/dev.sh [--out DIR] [--apply] [--new-ca]

Creates in DIR (default: certs/dev, which git ignores)
  ca.crt, ca.key     a development CA, valid for 2 years
  tls.crt, tls.key   the serving certificate, valid for 90 days; renewed when
                     fewer than 30 are left
  ca-bundle.crt      the content of caBundle: the CA; after a change of the CA
                     the previous one too; with --apply also those that the
                     cluster trusts now, while they are valid
  kustomization.yaml the manifests with caBundle filled in

--apply  also writes the Secret rolegate-tls and the caBundle of rolegate's
         webhook configurations into the cluster kubectl points at. Apply the
         manifests first. What the cluster trusts stays trusted, so that pods
         with another certificate (from another clone, say) go on serving.
--new-ca makes a new CA although the one in DIR is valid

For development only; for production see certs/README.md. No key is ever
printed.
EOF
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$here/dev
apply=no new_ca=no
while [ $# -gt 0 ]; do
  case $1 in
    --out) [ $# -ge 2 ] || { usage >&2; exit 2; }; out=$2; shift 2 ;;
    --apply) apply=yes; shift ;;
    --new-ca) new_ca=yes; shift ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done

command -v openssl >/dev/null || { echo "certs/dev.sh: openssl is missing (apt-get install openssl)" >&2; exit 1; }
if [ "$apply" = yes ]; then
  command -v kubectl >/dev/null || { echo "certs/dev.sh: --apply needs kubectl" >&2; exit 1; }
fi

mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

names="DNS:rolegate.rolegate.svc, DNS:rolegate.rolegate.svc.cluster.local, DNS:localhost, IP:127.0.0.1"
day=86400

# good FILE KEY DAYS: FILE is a certificate of KEY that is valid for DAYS more
# days.
good() {
  [ -s "$1" ] && [ -s "$2" ] &&
    openssl x509 -in "$1" -noout -checkend $(($3 * day)) >/dev/null 2>&1 &&
    [ "$(openssl x509 -in "$1" -noout -pubkey)" = "$(openssl pkey -in "$2" -pubout 2>/dev/null)" ]
}

new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

cat >"$work/openssl.cnf" <<EOF
[req]
distinguished_name = dn
prompt = no
[dn]
[ca]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[serving]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = $names
EOF

configurations="MutatingWebhookConfiguration ValidatingWebhookConfiguration"

# trusted: the certificates of the live caBundles, as PEM.
trusted() {
  local kind
  for kind in $configurations; do
    kubectl get "$kind" rolegate --ignore-not-found \
      -o 'jsonpath={range .webhooks[*]}{.clientConfig.caBundle}{"\n"}{end}'
  done | sort -u | while read -r one; do
    [ -z "$one" ] || printf '%s\n' "$one" | openssl base64 -d -A
    echo
  done
}

# Before anything changes here: without an answer nothing is made.
if [ "$apply" = yes ]; then trusted >"$work/trusted.crt"; fi

# The CA must outlive every certificate it signs.
if [ "$new_ca" = no ] && good "$out/ca.crt" "$out/ca.key" 120; then
  echo "kept   $out/ca.crt"
else
  # The previous CA stays in the bundle: pods still serve a certificate that it
  # signed.
  if [ -s "$out/ca.crt" ]; then cp "$out/ca.crt" "$work/ca-previous.crt"; fi
  new_key "$work/ca.key"
  openssl req -new -x509 -config "$work/openssl.cnf" -extensions ca -days 730 -sha256 \
    -subj "/CN=rolegate development CA $(date -u +%Y%m%d%H%M%S)" -key "$work/ca.key" -out "$work/ca.crt"
  if [ -s "$work/ca-previous.crt" ]; then mv "$work/ca-previous.crt" "$out/ca-previous.crt"; fi
  mv "$work/ca.key" "$out/ca.key"
  mv "$work/ca.crt" "$out/ca.crt"
  echo "made   $out/ca.crt"
fi

cp "$out/ca.crt" "$work/ca-bundle.crt"

# As many CAs as a bundle may hold: each run with --new-ca adds one.
most=8

# add FILE: adds the certificates of a PEM file that are valid and not yet in the
# bundle.
add() {
  local one
  rm -f "$work"/one-*.crt
  awk -v out="$work/one-" '/-----BEGIN CERTIFICATE-----/ { file = out (++n) ".crt" }
    file { print > file }
    /-----END CERTIFICATE-----/ { close(file); file = "" }' "$1"
  for one in "$work"/one-*.crt; do
    [ -s "$one" ] || continue
    openssl x509 -in "$one" -noout -checkend 0 >/dev/null 2>&1 || continue
    openssl x509 -in "$one" -outform der | openssl dgst -sha256 >"$work/sum"
    if ! grep -qxF "$(cat "$work/sum")" "$work/sums"; then
      if [ "$(grep -c BEGIN "$work/ca-bundle.crt")" -ge "$most" ]; then
        echo "certs/dev.sh: the cluster trusts $most CAs already: remove from caBundle those that no pod serves" >&2
        exit 1
      fi
      cat "$work/sum" >>"$work/sums"
      openssl x509 -in "$one" >>"$work/ca-bundle.crt"
    fi
  done
}
openssl x509 -in "$out/ca.crt" -outform der | openssl dgst -sha256 >"$work/sums"
if [ -s "$out/ca-previous.crt" ]; then add "$out/ca-previous.crt"; fi
if [ "$apply" = yes ]; then
  add "$work/trusted.crt"
fi
mv "$work/ca-bundle.crt" "$out/ca-bundle.crt"

serves() {
  good "$out/tls.crt" "$out/tls.key" 30 &&
    openssl verify -CAfile "$out/ca.crt" "$out/tls.crt" >/dev/null 2>&1 &&
    openssl x509 -in "$out/tls.crt" -noout -checkhost rolegate.rolegate.svc | grep -q "does match" &&
    openssl x509 -in "$out/tls.crt" -noout -checkip 127.0.0.1 | grep -q "does match"
}
if serves; then
  echo "kept   $out/tls.crt"
else
  new_key "$work/tls.key"
  openssl req -new -config "$work/openssl.cnf" -subj "/CN=rolegate.rolegate.svc" -key "$work/tls.key" -out "$work/tls.csr"
  openssl x509 -req -in "$work/tls.csr" -CA "$out/ca.crt" -CAkey "$out/ca.key" -set_serial "0x$(openssl rand -hex 16)" \
    -days 90 -sha256 -extfile "$work/openssl.cnf" -extensions serving -out "$work/tls.crt" 2>/dev/null
  mv "$work/tls.key" "$out/tls.key"
  mv "$work/tls.crt" "$out/tls.crt"
  echo "made   $out/tls.crt"
fi

bundle=$(openssl base64 -A -in "$out/ca-bundle.crt")

# patch KIND WEBHOOK...: a strategic merge patch that sets caBundle and changes
# nothing else; webhooks are merged by name.
patch() {
  local kind=$1 name
  shift
  printf 'apiVersion: admissionregistration.k8s.io/v1\nkind: %s\nmetadata:\n  name: rolegate\nwebhooks:\n' "$kind"
  for name in "$@"; do printf -- '- name: %s\n  clientConfig:\n    caBundle: %s\n' "$name" "$bundle"; done
}

# Prints the overlay for the manifests beside this script. The names of the
# webhooks are read from the manifests, so a new webhook is included.
overlay() {
  local manifests=$here/../manifests file kind names
  [ -d "$manifests/webhook" ] || return 0
  local relative
  relative=$(realpath --relative-to="$out" "$manifests")
  printf 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- %s\npatches:\n' "$relative"
  for file in "$manifests"/webhook/*.yaml; do
    kind=$(sed -n 's/^kind: *\([A-Za-z]*WebhookConfiguration\)$/\1/p' "$file" | head -n 1)
    names=$(sed -n 's/^- name: *\([a-z.-]*rolegate\.dev\)$/\1/p' "$file")
    [ -n "$kind" ] && [ -n "$names" ] || continue
    # shellcheck disable=SC2086 # one word per webhook
    printf -- '- patch: |\n%s\n' "$(patch "$kind" $names | sed 's/^/    /')"
  done
}
overlay >"$work/kustomization.yaml"
mv "$work/kustomization.yaml" "$out/kustomization.yaml"
echo "made   $out/kustomization.yaml"

if [ "$apply" = no ]; then
  cat <<EOF

To serve on this machine:
  rolegate serve --tls-cert $out/tls.crt --tls-key $out/tls.key
To use it in a cluster, apply the manifests, or your overlay of them, and run
again with --apply. Without an overlay of your own, and in a new cluster:
  kubectl apply -k $out
  kubectl -n rolegate create secret tls rolegate-tls --cert=$out/tls.crt --key=$out/tls.key
EOF
  exit 0
fi

# The new CA first: the API servers must trust a certificate before it is
# served.
found=no
for kind in $configurations; do
  names=$(kubectl get "$kind" rolegate --ignore-not-found -o 'jsonpath={range .webhooks[*]}{.name}{" "}{end}')
  [ -n "$names" ] || continue
  found=yes
  # shellcheck disable=SC2086 # one word per webhook
  patch "$kind" $names >"$work/patch.yaml"
  kubectl patch "$kind" rolegate --type=strategic --patch-file "$work/patch.yaml"
done
if [ "$found" = no ]; then
  echo "certs/dev.sh: the cluster has no webhook configuration rolegate: run 'kubectl apply -k manifests' first" >&2
  exit 1
fi

# Server-side, because a client-side apply also copies the key into an
# annotation.
kubectl -n rolegate create secret tls rolegate-tls --cert="$out/tls.crt" --key="$out/tls.key" --dry-run=client -o yaml |
  kubectl apply --server-side --force-conflicts --field-manager=rolegate-certs-dev -f -
