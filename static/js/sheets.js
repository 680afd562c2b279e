// Sheets: a link with hx-target="#sheets" brings a <dialog data-sheet>, which opens here and goes when it is closed. Without
// a script the same link leads to a page of its own. In it the gold button names the amount that is ticked or written.
import { priceUp, writeMoney } from "./money.js";
import { bindAllPacks } from "./packs.js";

/** @param {HTMLDialogElement} sheet */
function open(sheet) {
  const before = document.activeElement;
  sheet.showModal();
  sheet.addEventListener("close", () => {
    sheet.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  });
}

/** @param {HTMLFormElement} form */
function say(form) {
  const words = form.querySelector("[data-pay-words]");
  const own = form.querySelector("[data-own]");
  const said = form.querySelector("input[name=said]");
  if (!(words instanceof HTMLElement) || !(own instanceof HTMLInputElement) || !(said instanceof HTMLInputElement)) return;
  const amount = amountOf(form, own);
  const locale = document.documentElement.lang || "en";
  const number = new Intl.NumberFormat(locale);
  const { tokenPico = "0", currency = "USD", exponent: places = "2" } = form.dataset;
  const exponent = Number(places);
  const price = (/** @type {number} */ tokens) => writeMoney(locale, currency, exponent, priceUp(tokens, tokenPico, exponent));
  const fill = (/** @type {string} */ pattern, /** @type {number} */ tokens) =>
    pattern.replace("{tokens}", number.format(tokens)).replace("{money}", price(tokens));
  said.value = String(amount);
  const text = amount ? fill(form.dataset.words ?? "", amount) : (form.dataset.plain ?? "");
  const coin = document.createElement("span");
  coin.className = "coin";
  coin.ariaHidden = "true";
  const line = document.createElement("span");
  line.textContent = text;
  words.replaceChildren(coin, line);
  const row = form.querySelector("[data-after-row]");
  const left = form.querySelector("[data-after-words]");
  if (!(row instanceof HTMLElement) || !(left instanceof HTMLElement)) return;
  const after = Number(form.dataset.spendable ?? 0) - amount;
  row.hidden = !amount;
  left.textContent = after < 0 ? fill(form.dataset.short ?? "", -after) : fill(form.dataset.after ?? "", after);
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLInputElement} own
 */
function amountOf(form, own) {
  const written = Number.parseInt(own.value.replace(/\D/g, ""), 10);
  if (written > 0) return written;
  const tile = form.querySelector("input[name=pick]:checked");
  if (!(tile instanceof HTMLInputElement)) return 0;
  const count = form.querySelector("input[name=quantity]");
  const many = count instanceof HTMLInputElement && tile.dataset.gift !== undefined ? Number.parseInt(count.value, 10) : 1;
  return Number(tile.dataset.tokens) * (many > 0 ? many : 1);
}

/** @param {ParentNode} root */
function ready(root) {
  bindAllPacks(root);
  for (const form of root.querySelectorAll('form[data-behavior="tip"]')) if (form instanceof HTMLFormElement) say(form);
  for (const sheet of root.querySelectorAll("dialog[data-sheet]:not([open])")) {
    if (sheet instanceof HTMLDialogElement) open(sheet);
  }
}

/** @param {Document} page */
export function bindSheets(page) {
  page.addEventListener("input", (event) => {
    const control = event.target;
    const form = control instanceof HTMLInputElement ? control.form : null;
    if (!(control instanceof HTMLInputElement) || form?.dataset.behavior !== "tip") return;
    if (control.dataset.own !== undefined && control.value.trim()) {
      for (const tile of form.querySelectorAll("input[name=pick]:checked")) {
        if (tile instanceof HTMLInputElement) tile.checked = false;
      }
    } else if (control.name === "pick") {
      const own = form.querySelector("[data-own]");
      if (own instanceof HTMLInputElement) own.value = "";
    }
    say(form);
  });
  page.addEventListener("htmx:afterSettle", (event) => {
    const { target } = /** @type {CustomEvent} */ (event).detail;
    ready(target instanceof HTMLElement && target.isConnected ? (target.parentElement ?? page) : page);
    const box = page.querySelector("dialog[data-sheet][open] [data-focus]");
    if (box instanceof HTMLElement && box.dataset.focus) page.getElementById(box.dataset.focus)?.focus();
  });
  page.addEventListener("focusin", (event) => {
    const { target } = event;
    if (target instanceof HTMLInputElement && target.dataset.selects !== undefined) target.select();
  });
  addEventListener("pageshow", () => ready(page));
}
