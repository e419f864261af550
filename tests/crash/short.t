#!/bin/bash
# Goal: whatever dies, the tables are those of one undisturbed run: a round in
# which each kind of fault that one broker allows comes at least once. `make
# crash` is the long form.
exec "$(dirname -- "${BASH_SOURCE[0]}")/round" "${TICKPIPE_SEED:-1}" 1 20
