"""The front page: what this is, the latest checkouts, and how the webhooks went."""

from digis.sandbox.stripe import API_VERSION
from digis.sandbox.stripe.pages.markup import Visit, money, page, text
from digis.sandbox.stripe.reply import Reply

_LATEST = 12


def show(visit: Visit) -> Reply:
    sessions = visit.world.store.all("checkout.session", None)[:_LATEST]
    sent = visit.world.store.rows(
        "SELECT type, state, attempts, last_status FROM deliveries ORDER BY id DESC LIMIT ?", _LATEST
    )
    checkouts = "".join(
        f'<tr><td><a href="/c/pay/{s["id"]}">{text(money(s["amount_total"], s["currency"]))}</a></td>'
        f"<td>{text(s['status'])}</td><td>{text(s['payment_status'])}</td></tr>"
        for s in sessions
    )
    paid_out = "".join(
        f"<tr><td>{text(money(p['amount'], p['currency']))}</td><td>{text(p['status'])}</td>"
        f"<td>{text(p['failure_code'] or '–')}</td></tr>"
        for p in visit.world.store.all("payout", None)[:_LATEST]
    )
    webhooks = "".join(
        f"<tr><td>{text(row['type'])}</td><td>{text(row['state'])}</td><td>{row['attempts']}</td>"
        f"<td>{text(row['last_status'] or '–')}</td></tr>"
        for row in sent
    )
    body = (
        '<main id="main" class="alone wide"><h1>A stand-in for Stripe</h1>'
        f'<p class="lead">It answers API {API_VERSION} on this machine only, and takes test keys and test cards only.</p>'
        f"{_table('Latest checkouts', ('Amount', 'Status', 'Payment'), checkouts)}"
        f"{_table('Latest payouts', ('Amount', 'Status', 'Failure'), paid_out)}"
        f"{_table('Latest webhooks', ('Event', 'State', 'Tries', 'Answer'), webhooks)}</main>"
    )
    return page("Overview", body)


def _table(title: str, columns: tuple[str, ...], rows: str) -> str:
    heads = "".join(f'<th scope="col">{text(column)}</th>' for column in columns)
    content = rows or f'<tr><td colspan="{len(columns)}">None yet</td></tr>'
    return f"<h2>{text(title)}</h2><table><thead><tr>{heads}</tr></thead><tbody>{content}</tbody></table>"
