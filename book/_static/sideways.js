// Say where there is more to the side of a formula, a figure, a table or a line of code, and let the
// keyboard scroll there.
const WIDE = [
    "div.math",
    "span.math",
    ".highlight pre",
    ".cell_output pre",
    ".cell_output a.image-reference",
    ".bd-article p:has(> img)",
    ".live-picture",
    ".pst-scrollable-table-container",
].join();

// An accent stands a few pixels beyond its letter: that is shown, and needs no scrolling.
const ACCENT = 8;

function mark(box) {
    const hidden = box.scrollWidth - box.clientWidth;
    const fits = hidden <= (box.matches("span.math") ? ACCENT : 1);
    box.classList.toggle("fits", fits);
    box.classList.toggle("more-left", !fits && box.scrollLeft > 1);
    box.classList.toggle("more-right", !fits && hidden - box.scrollLeft > 1);
    if (!fits) box.tabIndex = 0;
}

document.addEventListener("DOMContentLoaded", () => {
    const boxes = [...document.querySelectorAll(WIDE)];
    const watch = new ResizeObserver((entries) => entries.forEach(({ target }) => mark(target)));
    for (const box of boxes) {
        box.addEventListener("scroll", () => mark(box), { passive: true });
        watch.observe(box);
    }
    // Setting a formula may widen it inside a box that stays as it is.
    addEventListener("load", () => window.MathJax?.startup?.promise?.then(() => boxes.forEach(mark)));
});
