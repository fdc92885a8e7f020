#!/bin/sh
# Untested: there was no Home Assistant to try it with.
# The options of the add-on become a configuration file, which others cannot read; the gateway takes this process over.
set -eu
umask 077
node /options.mjs /data/options.json >/data/gateway.yaml
exec mqtt-sn-gateway run --config /data/gateway.yaml
