"""`python -m local_stack run | up | down | status | fetch`: what the Makefile's targets do."""

import asyncio
import sys

_COMMANDS = ("run", "up", "down", "status", "fetch")

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in _COMMANDS:
        print(f"usage: python -m local_stack {'|'.join(_COMMANDS)}", file=sys.stderr)
        sys.exit(2)
    try:
        from local_stack.errors import StackError
        from local_stack.main import main

        try:
            sys.exit(asyncio.run(main(sys.argv[1])))
        except StackError as error:
            print(f"Dyadline: {error}", file=sys.stderr)
            sys.exit(1)
    except KeyboardInterrupt:  # before anything was started
        sys.exit(130)
