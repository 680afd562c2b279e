// The gold button says the whole amount, whichever tile is ticked or amount is written. Without this the form posts all the same.
import { addTax, priceUp, writeMoney } from "./money.js";

/** @param {HTMLFormElement} form */
function bindPacks(form) {
  if (form.dataset.bound) return;
  form.dataset.bound = "on";
  const words = form.querySelector("[data-pay-words]");
  const own = form.querySelector("[data-own]");
  if (!(words instanceof HTMLElement) || !(own instanceof HTMLInputElement)) return;
  const { words: pattern = "", locale = "en", tokenPico = "0" } = form.dataset;
  const number = new Intl.NumberFormat(locale);
  /** @param {DOMStringMap} place @param {bigint | number} minor */
  const write = ({ currency = "USD", exponent = "2" }, minor) => writeMoney(locale, currency, Number(exponent), minor);
  const plain = words.textContent ?? "";

  const chosen = () => {
    const written = Number.parseInt(own.value.replace(/\D/g, ""), 10);
    if (written > 0) {
      const minor = addTax(priceUp(written, tokenPico, Number(form.dataset.exponent)), form.dataset.taxPpm ?? "0");
      return { tokens: written, price: write(form.dataset, minor) };
    }
    const tile = form.querySelector("input[name=pack]:checked");
    if (!(tile instanceof HTMLInputElement)) return null;
    return { tokens: Number(tile.dataset.tokens), price: write(tile.dataset, Number(tile.dataset.minor)) };
  };
  const say = () => {
    const order = chosen();
    words.textContent = order
      ? pattern.replace("{tokens}", number.format(order.tokens)).replace("{price}", order.price)
      : plain;
  };
  form.addEventListener("input", (event) => {
    const { target } = event;
    if (target === own && own.value.trim()) {
      for (const tile of form.querySelectorAll("input[name=pack]:checked")) {
        if (tile instanceof HTMLInputElement) tile.checked = false;
      }
    } else if (target instanceof HTMLInputElement && target.name === "pack") {
      own.value = "";
    }
    say();
  });
  addEventListener("pageshow", say);
  say();
}

/** @param {ParentNode} root */
export function bindAllPacks(root) {
  for (const form of root.querySelectorAll('form[data-behavior="packs"]')) {
    if (form instanceof HTMLFormElement) bindPacks(form);
  }
}
