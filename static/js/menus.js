// Menus are <details data-menu>: they open without a script. Here they learn to close.

/** @param {Document} page */
export function bindMenus(page) {
  const open = () => /** @type {NodeListOf<HTMLDetailsElement>} */ (page.querySelectorAll("details[data-menu][open]"));
  page.addEventListener("click", (event) => {
    for (const menu of open()) if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
  });
  page.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
  page.addEventListener("focusin", (event) => {
    for (const menu of open()) if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
  });
  // <button data-opens="id"> opens the <dialog> of that id, and data-closes closes the one it stands in.
  page.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-opens], [data-closes]") : null;
    if (!(button instanceof HTMLElement)) return;
    if (button.dataset.opens) {
      const dialog = page.getElementById(button.dataset.opens);
      if (dialog instanceof HTMLDialogElement) {
        event.preventDefault();
        dialog.showModal();
      }
    } else {
      button.closest("dialog")?.close();
    }
  });
}
