"""Routes of the wallet."""

from django.urls import path, re_path

from economy import views

app_name = "economy"
urlpatterns = [
    # /wallet/
    path("wallet/", views.wallet, name="wallet"),
    path("wallet/buy/", views.buy, name="buy"),
    path("wallet/purchases/<uuid:purchase_id>/", views.purchase, name="purchase"),
    path("wallet/history/", views.history, name="history"),
    path("wallet/receipts/<uuid:transaction_id>/", views.receipt, name="receipt"),
    path("wallet/give/", views.give, name="give"),
    path("wallet/redeem/", views.redeem, name="redeem"),
    path("wallet/limits/", views.limits, name="limits"),
    path("wallet/invite/", views.invite, name="invite"),
    # /studio/tips/
    path("studio/tips/", views.tips, name="tips"),
    # /@handle/tip/
    re_path(r"^@(?P<handle>[^/]{1,60})/tip/$", views.tip, name="tip"),
    # /studio/
    path("studio/earnings/", views.earnings, name="earnings"),
    path("studio/disputes/", views.disputes, name="disputes"),
    path("studio/payouts/", views.payouts, name="payouts"),
    path("studio/payouts/setup/", views.payout_setup, name="payout_setup"),
    path("studio/payouts/<uuid:payout_id>/", views.payout, name="payout"),
    path("studio/tax/", views.tax, name="tax"),
]
