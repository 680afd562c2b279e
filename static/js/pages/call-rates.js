import { priceUp, writeMoney } from "../money.js";

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
    const { tokenPico = "0", currency = "USD", exponent: places = "2", payout, paidIn = "USD", fee, words = "" } = this.dataset;
    const language = document.documentElement.lang || "en";
    const exponent = Number(places);
    const share = rate - Math.floor((rate * Number(fee)) / 10_000);
    const money = writeMoney(language, currency, exponent, priceUp(rate, tokenPico, exponent));
    const yours = writeMoney(language, paidIn, 2, Math.floor((share * Number(payout)) / 10_000));
    place.textContent = words.replace("{money}", money).replace("{yours}", yours);
  }
}

if (!customElements.get("digis-rate")) customElements.define("digis-rate", Rate);
