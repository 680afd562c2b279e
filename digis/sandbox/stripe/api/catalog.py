"""Products and prices."""

from typing import Any

from digis.sandbox.stripe import objects
from digis.sandbox.stripe.api.router import Ask, Listing, page, route
from digis.sandbox.stripe.errors import missing_parameter
from digis.sandbox.stripe.forms import is_true
from digis.sandbox.stripe.store import Thing


@route("POST", "/v1/products", "ProductCreateParams")
def create_product(ask: Ask) -> Thing:
    product = ask.call.add(objects.product(ask.call, ask.params))
    if isinstance(ask.params.get("default_price_data"), dict):
        price = ask.call.add(objects.price(ask.call, ask.params["default_price_data"], product_id=product["id"]))
        product["default_price"] = price["id"]
        ask.call.save(product)
        ask.call.emit("price.created", price)
    ask.call.emit("product.created", product)
    return product


@route("GET", "/v1/products")
def list_products(ask: Ask) -> Thing:
    return page(ask, Listing("product", "/v1/products"))


@route("GET", "/v1/products/{id}")
def get_product(ask: Ask) -> Thing:
    return ask.call.get("product", ask.id)


@route("POST", "/v1/products/{id}", "ProductUpdateParams")
def update_product(ask: Ask) -> Thing:
    product = ask.call.get("product", ask.id)
    previous: dict[str, Any] = {name: product[name] for name in ("name", "description", "active") if name in ask.params}
    for name in ("name", "description"):
        if name in ask.params:
            product[name] = ask.params[name] or None
    if "active" in ask.params:
        product["active"] = is_true(ask.params["active"])
    objects.merge_metadata(product, ask.params)
    product["updated"] = ask.call.now
    ask.call.save(product)
    ask.call.emit("product.updated", product, previous=previous)
    return product


@route("GET", "/v1/products/{id}/features")
def list_features(ask: Ask) -> Thing:
    ask.call.get("product", ask.id)
    return objects.empty_list(f"/v1/products/{ask.id}/features")


@route("POST", "/v1/prices", "PriceCreateParams")
def create_price(ask: Ask) -> Thing:
    if isinstance(ask.params.get("product_data"), dict):
        product_id = ask.call.add(objects.product(ask.call, ask.params["product_data"]))["id"]
    elif ask.params.get("product"):
        product_id = ask.call.get("product", ask.params["product"], param="product")["id"]
    else:
        raise missing_parameter("product")
    if not ask.params.get("unit_amount"):
        raise missing_parameter("unit_amount")
    price = ask.call.add(objects.price(ask.call, ask.params, product_id=product_id))
    ask.call.emit("price.created", price)
    return price


@route("GET", "/v1/prices")
def list_prices(ask: Ask) -> Thing:
    return page(ask, Listing("price", "/v1/prices", ("product", "currency", "type")))


@route("GET", "/v1/prices/{id}")
def get_price(ask: Ask) -> Thing:
    return ask.call.get("price", ask.id)


@route("POST", "/v1/prices/{id}", "PriceUpdateParams")
def update_price(ask: Ask) -> Thing:
    price = ask.call.get("price", ask.id)
    previous: dict[str, Any] = {name: price[name] for name in ("active", "nickname") if name in ask.params}
    if "active" in ask.params:
        price["active"] = is_true(ask.params["active"])
    if "nickname" in ask.params:
        price["nickname"] = ask.params["nickname"] or None
    objects.merge_metadata(price, ask.params)
    ask.call.save(price)
    ask.call.emit("price.updated", price, previous=previous)
    return price
