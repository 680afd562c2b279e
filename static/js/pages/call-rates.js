/** <digis-rate>: what the number being typed means in money, in the same rounding as the server's. */

class Rate extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input");
    this.input?.addEventListener("input", () => this.show());
  }

  show() {
    const place = this.querySelector("output");
    const rate = Number(this.input?.value);
    if (!place) return;
    if (!Number.isInteger(rate) || rate <= 0) {
      place.textContent = "";
      return;
    }
    const { price, payout, fee, words } = this.dataset;
    const share = rate - Math.floor((rate * Number(fee)) / 10_000);
    const money = this.money(Math.ceil((rate * Number(price)) / 10_000));
    const yours = this.money(Math.floor((share * Number(payout)) / 10_000));
    place.textContent = (words ?? "").replace("{money}", money).replace("{yours}", yours);
  }

  money(/** @type {number} */ cents) {
    const language = document.documentElement.lang || "en";
    return new Intl.NumberFormat(language, { style: "currency", currency: this.dataset.currency ?? "USD" }).format(cents / 100);
  }
}

if (!customElements.get("digis-rate")) customElements.define("digis-rate", Rate);
