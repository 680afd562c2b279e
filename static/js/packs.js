// The gold button says the whole amount, whichever tile is ticked or amount is written. Without this the form posts all the same.

/** @param {HTMLFormElement} form */
function bindPacks(form) {
  if (form.dataset.bound) return;
  form.dataset.bound = "on";
  const words = form.querySelector("[data-pay-words]");
  const own = form.querySelector("[data-own]");
  if (!(words instanceof HTMLElement) || !(own instanceof HTMLInputElement)) return;
  const { words: pattern = "", locale = "en", currency = "USD", tokenMicros = "0" } = form.dataset;
  const number = new Intl.NumberFormat(locale);
  const money = new Intl.NumberFormat(locale, { style: "currency", currency });
  const plain = words.textContent ?? "";

  const chosen = () => {
    const written = Number.parseInt(own.value.replace(/\D/g, ""), 10);
    if (written > 0) return { tokens: written, minor: Math.ceil((written * Number(tokenMicros)) / 10_000) };
    const tile = form.querySelector("input[name=pack]:checked");
    return tile instanceof HTMLInputElement ? { tokens: Number(tile.dataset.tokens), minor: Number(tile.dataset.minor) } : null;
  };
  const say = () => {
    const order = chosen();
    words.textContent = order
      ? pattern.replace("{tokens}", number.format(order.tokens)).replace("{price}", money.format(order.minor / 100))
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
