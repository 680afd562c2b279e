"""Idempotency keys: the first answer is kept for a day and given again."""

from digis.sandbox.stripe.errors import ApiError
from digis.sandbox.stripe.reply import Reply
from digis.sandbox.stripe.world import Call

LIFE = 86_400
LONGEST = 255


def find(call: Call, key: str, fingerprint: str) -> Reply | None:
    if len(key) > LONGEST:
        raise ApiError("Idempotency keys are at most 255 characters.", family="idempotency_error", is_validation=True)
    row = call.store.row("SELECT * FROM replies WHERE account = ? AND key = ?", call.account, key)
    if row is None or row["created"] < call.now - LIFE:
        return None
    if row["fingerprint"] != fingerprint:
        raise ApiError(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request.",
            family="idempotency_error",
            is_validation=True,
        )
    headers = {"Idempotent-Replayed": "true", "Idempotency-Key": key}
    return Reply(row["body"].encode(), row["status"], headers=headers)


def keep(call: Call, key: str, fingerprint: str, reply: Reply) -> None:
    call.store.run(
        "INSERT OR REPLACE INTO replies (account, key, fingerprint, status, body, created) VALUES (?, ?, ?, ?, ?, ?)",
        call.account,
        key,
        fingerprint,
        reply.status,
        reply.body.decode(),
        call.now,
    )
