// Who is here: each status on the page follows its person, by the socket, or by asking for those who hide their own.
import { apply, socket } from "./socket.js";

const MOST = 40; // people one page follows; the rest is as true as the page when it was loaded
const ASK_EVERY = 30_000;
const SPREAD = 1_500; // many pages hear the same news: they do not all ask in the same moment
/** @type {Set<string>} */
const followed = new Set();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let asking;

const shows = () => /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-person]"));
const isAsking = () => document.body.dataset.presence === "ask";

/** Listen to everybody the page shows now. */
function follow() {
  if (isAsking()) return;
  for (const { dataset } of shows()) {
    if (followed.size >= MOST) return;
    if (!dataset.person || followed.has(dataset.person)) continue;
    followed.add(dataset.person);
    socket.subscribe(`presence:${dataset.person}`);
  }
}

/** Read the page again and take over what it says of people: what differs from viewer to viewer comes this way. */
async function lookAgain() {
  if (document.visibilityState !== "visible") return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.body.dataset.presence = page.body.dataset.presence ?? "";
    for (const part of page.querySelectorAll("main [data-live][id], .rail [data-live][id]")) apply(part.outerHTML);
  } catch {
    // No network: the next news, or a reload, tells.
  }
}

/** @param {number} time */
function lookSoon(time) {
  clearTimeout(asking);
  asking = setTimeout(() => void lookAgain(), time);
}

if (document.body.dataset.signedIn) {
  follow();
  document.addEventListener("htmx:afterSettle", follow);
  setInterval(() => {
    if (isAsking() && shows().length) void lookAgain();
  }, ASK_EVERY);
  socket.on("presence.changed", ({ data }) => {
    if (document.querySelector(`[data-person-page="${CSS.escape(data.person)}"]`)) lookSoon(Math.random() * SPREAD);
  });
  socket.on("presence.switched", async () => {
    for (const person of followed) socket.unsubscribe(`presence:${person}`);
    followed.clear();
    await lookAgain();
    follow();
  });
}
