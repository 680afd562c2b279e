// The open inbox: a day is written once, on its first line; when many lines change at once it is fetched again.
import htmx from "htmx.org";
import { socket } from "../socket.js";

function tidy() {
  let day = "";
  for (const line of document.querySelectorAll(".news-line")) {
    if (!(line instanceof HTMLElement)) continue;
    const heading = line.querySelector(".news-day");
    if (heading instanceof HTMLElement) heading.hidden = line.dataset.day === day;
    day = line.dataset.day ?? "";
  }
}

socket.on("notification.new", tidy);
socket.on("notification.count", ({ data }) => {
  tidy();
  if (data.all) void htmx.ajax("get", location.href, { target: "#news", swap: "outerHTML" });
});
document.addEventListener("htmx:afterSettle", tidy);
