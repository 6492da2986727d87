"""The protocol of the client programs: a command a line on stdin, an answer a line on stdout."""
import json
import sys


def say(answer):
    print(json.dumps(answer, default=str), flush=True)


def serve(commands, transaction):
    """
    Answers {"op": "insert", "model": "deals", ...} with what commands["insert"](model="deals", ...) returns, or
    with what it raises, until stdin ends.

    "begin" enters transaction(work): work() carries out what comes until "commit" or "rollback", and says which.
    """

    def begin():
        def work():
            say({"result": None})
            return carry_out() == "commit"

        transaction(work)

    def carry_out():
        for line in sys.stdin:
            fields = json.loads(line)
            op = fields.pop("op")
            if op in ("commit", "rollback"):
                return op
            try:
                say({"result": begin() if op == "begin" else commands[op](**fields)})
            except Exception as error:  # What a client raises is what the tests want to see.
                say({"error": {"type": type(error).__name__, "message": str(error)}})

    carry_out()
