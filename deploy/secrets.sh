#!/usr/bin/env bash
# Makes the secrets of deploy/compose.yaml, once, and a certificate of its own kind for trying it out. Prints none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
umask 077
# The instances read them under a number of their own, and so does the balancer.
OWNER=10001
BALANCER=99

[ ! -e secrets ] || { echo "deploy/secrets is there already; nothing was changed" >&2; exit 1; }
mkdir -p secrets.new/certificates
trap 'rm -rf secrets.new' EXIT
word() { head -c 32 /dev/urandom | base64 | tr -d '/+=\n'; }

head -c 32 /dev/urandom >secrets.new/master-key
word >secrets.new/postgres-password
printf 'postgres://lumen:%s@postgres/lumen\n' "$(cat secrets.new/postgres-password)" >secrets.new/database-url
word >secrets.new/s3-access-key
word >secrets.new/s3-secret-key
printf '%s\n%s\n' "$(cat secrets.new/s3-access-key)" "$(cat secrets.new/s3-secret-key)" >secrets.new/s3-credentials
word >secrets.new/redis-password
printf 'redis://:%s@redis:6379\n' "$(cat secrets.new/redis-password)" >secrets.new/redis-url
NATS=$(word)
printf 'lumen\n%s\n' "$NATS" >secrets.new/nats-credentials
printf 'authorization { user: lumen, password: "%s" }\n' "$NATS" >secrets.new/nats-users.conf
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
    -keyout secrets.new/key.pem -out secrets.new/certificate.pem 2>/dev/null
cat secrets.new/certificate.pem secrets.new/key.pem >secrets.new/certificates/lumen.pem
rm secrets.new/key.pem
if [ "$(id -u)" = 0 ]; then
    chown "$OWNER" secrets.new/{master-key,database-url,s3-credentials,redis-url,nats-credentials}
    chown -R "$BALANCER" secrets.new/certificates
else
    echo "as root: chown $OWNER the files master-key, database-url, s3-credentials, redis-url, nats-credentials," >&2
    echo "and chown -R $BALANCER the folder certificates" >&2
fi
mv secrets.new secrets
trap - EXIT
echo "deploy/secrets is made; keep a copy of deploy/secrets/master-key where the database's backups are not"
