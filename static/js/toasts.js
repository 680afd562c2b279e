// Toasts stay at least eight seconds, wait while they are pointed at or focused, and never hold the only word (A11Y-2).
const SECONDS = 9;
const MOST = 3;

/** @type {WeakSet<HTMLElement>} */
const alive = new WeakSet();

/** @param {HTMLElement} toast */
function live(toast) {
  if (alive.has(toast)) return;
  alive.add(toast);
  let left = SECONDS * 1000;
  let since = performance.now();
  let timer = setTimeout(() => toast.remove(), left);
  const wait = () => {
    clearTimeout(timer);
    left = Math.max(2000, left - (performance.now() - since));
  };
  const go = () => {
    since = performance.now();
    timer = setTimeout(() => toast.remove(), left);
  };
  toast.addEventListener("pointerenter", wait);
  toast.addEventListener("focusin", wait);
  toast.addEventListener("pointerleave", go);
  toast.addEventListener("focusout", go);
  toast.querySelector("[data-dismiss]")?.addEventListener("click", () => toast.remove());
}

/**
 * Show one line. Pages send it as a `digis:toast` event: `{text}`.
 * @param {HTMLElement} box
 * @param {string} text
 */
function show(box, text) {
  const template = document.getElementById("toast-template");
  if (!(template instanceof HTMLTemplateElement)) return;
  const toast = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
  const line = toast.querySelector("p");
  if (line) line.textContent = text;
  while (box.children.length >= MOST) box.firstElementChild?.remove();
  box.append(toast);
  live(toast);
}

/** @param {Document} page */
export function bindToasts(page) {
  const box = page.querySelector("[data-toasts]");
  if (!(box instanceof HTMLElement)) return;
  // Those that came with the page enter the live region once it listens, so that they are read out.
  const waiting = [...box.querySelectorAll("[data-toast]")];
  if (waiting.length) {
    box.replaceChildren();
    requestAnimationFrame(() => {
      box.append(...waiting);
      for (const toast of waiting) if (toast instanceof HTMLElement) live(toast);
    });
  }
  // Those the socket puts there live as well.
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) if (node instanceof HTMLElement && node.matches("[data-toast]")) live(node);
    }
  }).observe(box, { childList: true });
  page.addEventListener("digis:toast", (event) => {
    const { text } = /** @type {CustomEvent} */ (event).detail ?? {};
    if (text) show(box, String(text));
  });
}
