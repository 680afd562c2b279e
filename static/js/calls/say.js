/** One polite live region for everything a call has to say to a screen reader. */

const ID = "call-says";

export function say(/** @type {string} */ text) {
  // Inside an open modal dialog the rest of the page is inert, so the words go where they can be heard.
  const home = document.querySelector("dialog:modal") ?? document.body;
  let region = document.getElementById(ID);
  if (!region || region.parentElement !== home) {
    region?.remove();
    region = document.createElement("p");
    region.id = ID;
    region.className = "sr-only";
    region.setAttribute("role", "status");
    home.append(region);
  }
  region.textContent = "";
  // A region must exist before its text changes, and the same words twice are two sayings.
  setTimeout(() => {
    if (region) region.textContent = text;
  }, 60);
}
