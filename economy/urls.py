"""Routes of the wallet."""

from django.urls import path

from economy import views

app_name = "economy"
urlpatterns = [
    # /wallet/
    path("wallet/", views.wallet, name="wallet"),
    path("wallet/buy/", views.buy, name="buy"),
    path("wallet/purchases/<uuid:purchase_id>/", views.purchase, name="purchase"),
    path("wallet/history/", views.history, name="history"),
    path("wallet/receipts/<uuid:transaction_id>/", views.receipt, name="receipt"),
]
