"""A child that says it is ready, waits for the word and says its arguments; without arguments it ends at once."""

import json
import sys

if sys.argv[1:]:
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps({"said": sys.argv[1:]}), flush=True)
    sys.stdin.read()
