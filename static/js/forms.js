// Forms post by themselves. Here: a word while one is under way, selects that submit, and live counts of characters.

/** @param {Document} page */
export function bindForms(page) {
  page.addEventListener("submit", (event) => {
    const button = /** @type {SubmitEvent} */ (event).submitter;
    if (event.defaultPrevented || !(button instanceof HTMLButtonElement)) return;
    if (button.form?.dataset.download !== undefined) return; // the page stays where it is
    button.setAttribute("aria-busy", "true");
    if (button.dataset.pending) {
      button.dataset.words = button.innerHTML;
      button.textContent = button.dataset.pending;
    }
  });
  // Back from another page, or from a history cache: the words return.
  window.addEventListener("pageshow", () => {
    for (const button of page.querySelectorAll("button[aria-busy]")) {
      button.removeAttribute("aria-busy");
      if (button instanceof HTMLElement && button.dataset.words) button.innerHTML = button.dataset.words;
    }
  });
  page.addEventListener("change", (event) => {
    const control = event.target;
    if (control instanceof HTMLSelectElement && control.dataset.submits !== undefined) control.form?.requestSubmit();
  });
  page.addEventListener("input", (event) => {
    const control = event.target;
    if (!(control instanceof HTMLInputElement || control instanceof HTMLTextAreaElement)) return;
    const place = control.dataset.counts ? page.getElementById(control.dataset.counts) : null;
    if (place) place.textContent = String([...control.value].length);
  });
}
