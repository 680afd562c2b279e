-- What the functions hand each other.

-- The head of one transaction; `ord` ties its lines to it.
CREATE TYPE economy_header AS (
    ord int, id uuid, type text, kind text, key text, source_type text, source_id text,
    person uuid, payee uuid, actor uuid, amount bigint, fee bigint, fee_bp int, is_first boolean,
    reverses uuid, data jsonb
);

-- One entry to be written: positive adds to what we owe, negative to what is owed to us.
CREATE TYPE economy_line AS (ord int, account bigint, amount bigint);

-- One thing a person asks of their wallet: pay `amount` to `payee`, and leave `hold_to` tokens in `hold`.
CREATE TYPE economy_request AS (
    ord int, round int, type text, kind text, key text, source_type text, source_id text,
    payer uuid, payee uuid, actor uuid, amount bigint, fee_bp int, charged_before bigint, fee_before bigint,
    hold uuid, hold_to bigint, is_strict boolean, hold_days int, new_hold_days int, new_since timestamptz, data jsonb
);

-- How much of one lot a request takes: `charged` is paid, `held` moves into the hold.
CREATE TYPE economy_portion AS (
    ord int, lot bigint, hold uuid, from_hold boolean, is_promotional boolean, is_withdrawable boolean,
    charged bigint, held bigint
);

-- What became of a request.
CREATE TYPE economy_outcome AS (
    ord int, outcome text, transaction_id uuid, amount bigint, share bigint, fee bigint, covered bigint,
    held bigint, spendable bigint
);
