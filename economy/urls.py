"""Routes of the wallet."""

from django.urls import path, re_path

from economy import views

app_name = "economy"
urlpatterns = [
    # /wallet/
    path("wallet/", views.wallet, name="wallet"),
    path("wallet/buy/", views.buy, name="buy"),
    path("wallet/place/", views.tax_place, name="tax_place"),
    path("wallet/purchases/<uuid:purchase_id>/", views.purchase, name="purchase"),
    path("wallet/purchases/<uuid:purchase_id>/return/", views.return_purchase, name="return_purchase"),
    path("wallet/history/", views.history, name="history"),
    path("wallet/history.csv", views.history_csv, name="history_csv"),
    path("wallet/statements/", views.statements, {"role": "fan"}, name="statements"),
    path("wallet/statements/<str:month>/", views.statement, {"role": "fan"}, name="statement"),
    path("wallet/statements/<str:month>.pdf", views.statement_pdf, {"role": "fan"}, name="statement_pdf"),
    path("wallet/statements/<str:month>.csv", views.statement_csv, {"role": "fan"}, name="statement_csv"),
    path("wallet/invoices/<uuid:invoice_id>.pdf", views.invoice_pdf, name="invoice"),
    path("wallet/receipts/<uuid:transaction_id>/", views.receipt, name="receipt"),
    path("wallet/give/", views.give, name="give"),
    path("wallet/redeem/", views.redeem, name="redeem"),
    path("wallet/limits/", views.limits, name="limits"),
    path("wallet/top-up/", views.top_up, name="top_up"),
    path("wallet/top-up/off/", views.top_up_off, name="top_up_off"),
    path("wallet/card/", views.card, name="card"),
    path("wallet/card/kept/", views.card_kept, name="card_kept"),
    path("wallet/card/remove/", views.card_remove, name="card_remove"),
    path("wallet/invite/", views.invite, name="invite"),
    # /studio/tips/
    path("studio/tips/", views.tips, name="tips"),
    # /@handle/tip/
    re_path(r"^@(?P<handle>[^/]{1,60})/tip/$", views.tip, name="tip"),
    # /studio/
    path("studio/earnings/", views.earnings, name="earnings"),
    path("studio/earnings/<uuid:sale_id>/back/", views.give_back, name="give_back"),
    path("studio/disputes/", views.disputes, name="disputes"),
    path("studio/payouts/", views.payouts, name="payouts"),
    path("studio/payouts/setup/", views.payout_setup, name="payout_setup"),
    path("studio/payouts/<uuid:payout_id>/", views.payout, name="payout"),
    path("studio/statements/", views.statements, {"role": "creator"}, name="studio_statements"),
    path("studio/statements/<str:month>/", views.statement, {"role": "creator"}, name="studio_statement"),
    path("studio/statements/<str:month>.pdf", views.statement_pdf, {"role": "creator"}, name="studio_statement_pdf"),
    path("studio/statements/<str:month>.csv", views.statement_csv, {"role": "creator"}, name="studio_statement_csv"),
    path("studio/invoices/<uuid:invoice_id>.pdf", views.invoice_pdf, name="studio_invoice"),
    path("studio/tax/", views.tax, name="tax"),
]
