// What pages gain with JavaScript; every one of them works without.
const narrow = matchMedia("(max-width: 1060px)");
const detail = document.getElementById("detail");
const sheet = document.getElementById("sheet");

// The matrix is one stop of the Tab order; arrow keys walk through it.
const rows = [...document.querySelectorAll(".matrix tbody tr")].map((row) => [...row.querySelectorAll(".cell")]);
const cells = rows.flat();
const reach = (cell) => cells.forEach((other) => (other.tabIndex = other === cell ? 0 : -1));
const left = (cell) => cell.getBoundingClientRect().left;
const nearest = (row, from) =>
  row.reduce((best, cell) => (Math.abs(left(cell) - left(from)) < Math.abs(left(best) - left(from)) ? cell : best));
const steps = {
  ArrowLeft: (row, y, cell) => row[row.indexOf(cell) - 1],
  ArrowRight: (row, y, cell) => row[row.indexOf(cell) + 1],
  ArrowUp: (row, y, cell) => rows[y - 1]?.length && nearest(rows[y - 1], cell),
  ArrowDown: (row, y, cell) => rows[y + 1]?.length && nearest(rows[y + 1], cell),
  Home: (row) => row[0],
  End: (row) => row.at(-1),
};
if (cells.length) reach(cells.find((cell) => cell.hasAttribute("aria-current")) ?? cells[0]);
document.addEventListener("keydown", (event) => {
  const cell = event.target.closest?.(".cell");
  if (!cell || !steps[event.key] || event.ctrlKey || event.altKey || event.metaKey) return;
  const y = rows.findIndex((row) => row.includes(cell));
  const next = steps[event.key](rows[y], y, cell);
  event.preventDefault();
  if (next) { reach(next); next.focus(); }
});

// A chosen unit is marked, announced, and shown in a sheet where the page is narrow.
const home = detail && document.createComment("detail");
const openSheet = () => {
  if (!sheet || !narrow.matches || sheet.open) return;
  detail.replaceWith(home);
  sheet.append(detail);
  sheet.showModal();
};
sheet?.addEventListener("close", () => {
  home.replaceWith(detail);
  document.querySelector(".cell[aria-current]")?.focus({ preventScroll: true });
});
sheet?.addEventListener("click", ({ target }) => {
  if (target === sheet || target.closest(".close button")) sheet.close();
});
if (document.querySelector(".cell[aria-current]")) openSheet();
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.target !== detail || ctx.sourceElement === detail || !ctx.sourceElement.matches(".cell")) return;
  document.querySelector(".cell[aria-current]")?.removeAttribute("aria-current");
  ctx.sourceElement.setAttribute("aria-current", "true");
  reach(ctx.sourceElement);
  document.getElementById("said").textContent = detail.dataset.said + detail.querySelector("h2").textContent;
  detail.scrollTop = 0;
  openSheet();
});

// A chart too wide for the screen shows the latest hours first.
for (const plot of document.querySelectorAll(".plot")) plot.scrollLeft = plot.scrollWidth;

// A timeline says whether it is live. Silence for longer than three beats is not.
const SILENCE = 16000;
let watch;
const say = (state) => {
  for (const stream of document.querySelectorAll("[data-stream]")) stream.dataset.stream = state;
};
const heard = () => {
  say("live");
  clearTimeout(watch);
  watch = setTimeout(() => say("paused"), SILENCE);
};
for (const name of ["after:connection", "after:message"]) document.addEventListener(`htmx:sse:${name}`, heard);
for (const name of ["error", "before:connection"])
  document.addEventListener(`htmx:sse:${name}`, ({ detail: { connection } }) => {
    if (name === "error" || connection?.attempt > 0) say("paused");
  });
document.addEventListener("htmx:sse:after:message", ({ target }) => {
  if (!target.matches(".lines")) return;
  // A beat brings no line.
  if (target.querySelector(".line")) target.querySelector(".empty")?.remove();
  while (target.children.length > 200) target.lastElementChild.remove();
});

// A form is sent once; the server would drop a second sending too.
document.addEventListener("submit", ({ target }) => {
  const button = target.querySelector("button[type=submit]");
  if (button) setTimeout(() => { button.disabled = true; });
});
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[type=submit]")) button.disabled = false;
});
