// Tabs that do not fit beside each other scroll sideways. Here: the current one is in view when they are shown.

/**
 * Bring the current link of each strip of tabs to its middle, as far as the strip scrolls. Neither the page nor the focus moves.
 * @param {Document | Element} place
 */
export function showCurrentTabs(place) {
  for (const tab of place.querySelectorAll("nav > [aria-current]")) {
    const strip = tab.parentElement;
    if (!strip || strip.scrollWidth <= strip.clientWidth) continue;
    const here = tab.getBoundingClientRect();
    const whole = strip.getBoundingClientRect();
    strip.scrollBy({ left: here.left + here.width / 2 - whole.left - whole.width / 2, behavior: "instant" });
  }
}
