// The square of an avatar: drag it, zoom, or use the arrow keys. Without this the server takes the middle.

const VIEW = 288; // CSS pixels of the preview's side
const STEP = 8; // pixels an arrow key moves

/** @param {HTMLElement} box */
export function bindCrop(box) {
  const file = /** @type {HTMLInputElement | null} */ (box.querySelector("[data-crop-file]"));
  const field = /** @type {HTMLInputElement | null} */ (box.querySelector("input[name=avatar_crop]"));
  const tool = /** @type {HTMLElement | null} */ (box.querySelector("[data-crop-tool]"));
  const view = /** @type {HTMLCanvasElement | null} */ (box.querySelector("[data-crop-view]"));
  const zoom = /** @type {HTMLInputElement | null} */ (box.querySelector("[data-crop-zoom]"));
  const pen = view?.getContext("2d");
  if (!file || !field || !tool || !view || !zoom || !pen) return;

  /** @type {ImageBitmap | null} */
  let picture = null;
  let centerX = 0.5;
  let centerY = 0.5;

  /** Return the chosen square in the picture's own pixels. */
  const square = () => {
    if (!picture) return { left: 0, top: 0, side: 1 };
    const side = Math.min(picture.width, picture.height) / Number(zoom.value);
    const left = Math.min(Math.max(0, centerX * picture.width - side / 2), picture.width - side);
    const top = Math.min(Math.max(0, centerY * picture.height - side / 2), picture.height - side);
    centerX = (left + side / 2) / picture.width;
    centerY = (top + side / 2) / picture.height;
    return { left, top, side };
  };

  const draw = () => {
    if (!picture) return;
    const { left, top, side } = square();
    pen.clearRect(0, 0, VIEW, VIEW);
    pen.drawImage(picture, left, top, side, side, 0, 0, VIEW, VIEW);
    const parts = [left / picture.width, top / picture.height, (left + side) / picture.width, (top + side) / picture.height];
    field.value = parts.map((part) => Math.min(1, Math.max(0, part)).toFixed(4)).join(",");
  };

  /** @param {number} right @param {number} down */
  const move = (right, down) => {
    if (!picture) return;
    const scale = square().side / view.clientWidth;
    centerX += (right * scale) / picture.width;
    centerY += (down * scale) / picture.height;
    draw();
  };

  file.addEventListener("change", async () => {
    const chosen = file.files?.[0];
    picture?.close();
    picture = null;
    field.value = "";
    if (chosen) {
      try {
        // Upright, as the server sees it before it cuts.
        picture = await createImageBitmap(chosen, { imageOrientation: "from-image" });
      } catch {
        picture = null; // not a picture: the server says so
      }
    }
    tool.classList.toggle("hidden", !picture);
    tool.classList.toggle("flex", Boolean(picture));
    centerX = centerY = 0.5;
    zoom.value = "1";
    draw();
  });

  zoom.addEventListener("input", draw);
  view.addEventListener("pointermove", (event) => {
    if (event.buttons) move(-event.movementX, -event.movementY);
  });
  view.addEventListener("pointerdown", (event) => view.setPointerCapture(event.pointerId));
  view.addEventListener("keydown", (event) => {
    const ways = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
    const way = ways[/** @type {keyof typeof ways} */ (event.key)];
    if (!way) return;
    event.preventDefault();
    move(way[0], way[1]);
  });
}

for (const box of document.querySelectorAll("[data-crop]")) {
  if (box instanceof HTMLElement) bindCrop(box);
}
