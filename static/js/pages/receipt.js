/** The receipt prints itself where a script runs; elsewhere the browser's own menu does. */
for (const button of document.querySelectorAll("[data-prints]")) {
  button.removeAttribute("hidden");
  button.addEventListener("click", () => window.print());
}
