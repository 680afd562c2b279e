// Where the keyboard goes after a part of the page was replaced (A11Y-1).

/**
 * Focus an element that is not a control, without scrolling it under the top bar.
 * @param {HTMLElement | null | undefined} element
 */
export function focusOn(element) {
  if (!element) return;
  if (!element.matches("a[href], button, input, select, textarea, [tabindex]")) element.tabIndex = -1;
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "nearest" });
}

/**
 * After a failed form the first error, after a new page its heading, after “Load more” the first new item.
 * @param {any} event
 */
export function focusAfterSwap(event) {
  const { target, xhr, requestConfig } = event.detail;
  if (!(target instanceof HTMLElement)) return;
  const place = target.isConnected ? target : document;
  if (xhr?.status === 422) {
    focusOn(place.querySelector("[data-error-summary], [aria-invalid='true']"));
    return;
  }
  if (target.id === "main" || target === document.body) {
    focusOn(document.querySelector("#main h1"));
    return;
  }
  const wanted = requestConfig?.elt?.dataset?.focusAfter;
  if (wanted) focusOn(document.querySelector(wanted));
}

/**
 * A refusal says so beside the thing that was pressed, not in a toast (screens.md 3.2, Toasts).
 * @param {any} event
 */
export function showProblem(event) {
  const { xhr, elt } = event.detail;
  const form = elt.closest("form") ?? elt;
  form.parentElement?.querySelector(":scope > [data-problem]")?.remove();
  const box = document.createElement("div");
  box.dataset.problem = "";
  box.setAttribute("role", "alert");
  box.tabIndex = -1;
  const type = xhr.getResponseHeader("content-type") ?? "";
  if (type.startsWith("text/html") && !/^\s*<!doctype/i.test(xhr.responseText)) {
    box.innerHTML = xhr.responseText;
  } else {
    const words = document.getElementById("problem-words");
    box.className = "notice notice-bad mb-4";
    box.textContent = words instanceof HTMLTemplateElement ? (words.content.textContent ?? "").trim() : xhr.statusText;
  }
  form.before(box);
  focusOn(box);
}
