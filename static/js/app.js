// The script of every page: htmx, and the small behaviors of the shell. Nothing here is needed to read or to post.
import htmx from "htmx.org";
import { focusAfterSwap, showProblem } from "./focus.js";
import { bindMenus } from "./menus.js";
import { bindForms } from "./forms.js";
import { bindSheets } from "./sheets.js";
import { showCurrentTabs } from "./tabs.js";
import { bindToasts } from "./toasts.js";
import { bindWorker } from "./worker.js";
import "./calls/ring-sheet.js";
import "./socket.js";
import "./presence.js";

Object.assign(window, { htmx });

bindMenus(document);
bindForms(document);
bindToasts(document);
bindSheets(document);
bindWorker();
showCurrentTabs(document);
document.addEventListener("htmx:afterSettle", focusAfterSwap);
document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target instanceof Element) showCurrentTabs(target);
});
document.addEventListener("htmx:responseError", showProblem);
