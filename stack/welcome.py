"""The text that `make run` prints when all is up: URLs, the admin token, and three commands to paste."""

import secrets
import shlex

from stack.state import State

_TEXT = """
payops is up. Ctrl-C stops it; `make status` (elsewhere) shows what it does.

  shop         {base}/
  console      {base}/console
  API          {base}
  docs         {base}/docs
  health       {base}/health
  admin token  {token}

Pay: authorize, capture, show. Paste into another terminal:

curl -sS -w '\\n' {base}/payments/authorize -H {json} -d '{authorize}' | tee {answer}
curl -sS -w '\\n' {base}/payments/capture/$({id}) -H {json} -d '{{"merchantId":"M123"}}'; sleep 5
curl -sS -w '\\n' "{base}/payments/$({id})?merchantId=M123"
"""


def welcome(state: State, port: int, token: str) -> str:
    """The text. The commands work in any folder and shell, in this order: the id is from the first one's answer.

    The second one waits: right after a start the ledger needs seconds to join its group, later 0.2 s.
    """
    answer = shlex.quote(str(state.last_answer))
    key = f"first-{secrets.token_hex(4)}"  # a new key each time, because a repeated key gets the old answer
    return _TEXT.format(
        base=f"http://127.0.0.1:{port}",
        token=token,
        authorize=f'{{"merchantId":"M123","amount":10000,"currency":"KRW","idempotencyKey":"{key}"}}',
        answer=answer,
        json="'Content-Type: application/json'",
        id=f"""sed 's/.*"paymentId":\\([0-9]*\\).*/\\1/' {answer}""",
    )
