#!/bin/bash
# Goal: whatever of the live feed dies, the topic has every trade that the
# exchange made, and no candle is wrong: a short round in which the ingest is
# killed, stopped and cut off. `make crash` is the long form.
export CRASH_SOURCE=live CRASH_FAULTS=feed CRASH_SYMBOLS=${CRASH_SYMBOLS:-24}
exec "$(dirname -- "${BASH_SOURCE[0]}")/round" "${TICKPIPE_SEED:-1}" 2 6
