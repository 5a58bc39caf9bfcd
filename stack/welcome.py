"""The text that `make run` prints when all is up: URLs, what opens the console, and three commands to paste."""

import os
import secrets
import shlex
from collections.abc import Mapping

from stack.first_keys import TEST_MERCHANT
from stack.state import State
from stack.whole_file import write_whole

_OPEN = """
payops is up. Ctrl-C stops it; `make status` (elsewhere) shows what it does.

  shop         {base}/
  console      {base}/console
  API          {base}
  docs         {base}/docs
  health       {base}/health
  acquirer     {acquirer}/  (a simulator; its page asks for the token in {control})
  admin token  {token}

No key is needed here: a merchant's name is enough to pay, from this machine. `AUTH=required make run` asks for keys.
The day's end at once: `make settle` closes what merchants are owed, `make reconcile` reads the acquirer's file.
Pay: authorize, capture, show. Paste into another terminal:

curl -sS -w '\\n' {base}/payments/authorize -H {json} -d '{authorize}' | tee {answer}
curl -sS -w '\\n' {base}/payments/capture/$({id}) -H {json} -d '{{"merchantId":"{merchant}"}}'; sleep 5
curl -sS -w '\\n' "{base}/payments/$({id})?merchantId={merchant}"
"""
_REQUIRED = """
payops is up, and each request needs a key. Ctrl-C stops it; `make status` (elsewhere) shows what it does.

  shop          {base}/
  console       {base}/console
  API           {base}
  docs          {base}/docs
  health        {base}/health
  acquirer      {acquirer}/  (a simulator; its page asks for the token in {control})
  operator key  {operator_key}
  merchant key  {merchant_key}

The console asks for the operator's key; the merchant's is of {merchant}. Both stay the same at the next start.
The day's end at once: `make settle` closes what merchants are owed, `make reconcile` reads the acquirer's file.
Pay: authorize, capture, show. Paste into another terminal; the key comes from the file behind -H @:

curl -sS -w '\\n' {base}/payments/authorize -H @{header} -H {json} -d '{authorize}' | tee {answer}
curl -sS -w '\\n' {base}/payments/capture/$({id}) -H @{header} -H {json} -d '{{}}'; sleep 5
curl -sS -w '\\n' "{base}/payments/$({id})" -H @{header}
"""


def welcome(state: State, port: int, variables: Mapping[str, str]) -> str:
    """The text. The commands work in any folder and shell, in this order: the id is from the first one's answer.

    The second one waits: right after a start the ledger needs seconds to join its group, later 0.2 s.
    `variables`: the environment of the platform's programs.
    """
    answer = shlex.quote(str(state.last_answer))
    key = f"first-{secrets.token_hex(4)}"  # a new key each time, because a repeated key gets the old answer
    body = f'"amount":10000,"currency":"KRW","idempotencyKey":"{key}"}}'
    texts = {
        "base": f"http://127.0.0.1:{port}",
        "merchant": TEST_MERCHANT,
        "acquirer": variables["APP_ACQUIRER_URL"],
        "control": os.path.relpath(state.acquirer_token),
        "answer": answer,
        "json": "'Content-Type: application/json'",
        "id": f"""sed 's/.*"paymentId":\\([0-9]*\\).*/\\1/' {answer}""",
    }
    if variables["APP_AUTH"] != "required":
        own = {"token": variables["ADMIN_TOKEN"], "authorize": f'{{"merchantId":"{TEST_MERCHANT}",{body}'}
        return _OPEN.format(**texts, **own)
    keys = {"operator_key": state.operator_key.read_text(), "merchant_key": state.merchant_key.read_text()}
    return _REQUIRED.format(**texts, **keys, authorize="{" + body, header=_header(state))


def _header(state: State) -> str:
    """The file with the header that has the merchant's key: not on curl's command line, which others can see."""
    write_whole(state.merchant_header, f"Authorization: Bearer {state.merchant_key.read_text()}\n")
    return shlex.quote(str(state.merchant_header))
