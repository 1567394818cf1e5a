// Take a part out of a text and return it.
function cut(node, part) {
    if (node?.nodeType !== Node.TEXT_NODE) return "";
    const [found] = node.textContent.match(part) ?? [""];
    node.textContent = node.textContent.replace(part, "");
    return found;
}

document.addEventListener("DOMContentLoaded", () => {
    // The theme's buttons that unfold a part of the menu have no names: call each after its part.
    for (const button of document.querySelectorAll(".bd-sidebar-primary summary")) {
        const part = button.closest("li").querySelector("a");
        button.setAttribute("aria-label", `Pages of ${part.textContent.trim()}`);
    }
    // A long name of a module or a file is broken behind a dot, a dash or a slash, not inside a word.
    const NAMES = "h1, .prev-next-title, td code .pre, .bd-sidebar-primary a, .page-toc .pre";
    for (const title of document.querySelectorAll(NAMES)) {
        const words = [...title.childNodes].filter((part) => part.nodeType === Node.TEXT_NODE);
        for (const node of words) {
            const [first, ...rest] = node.textContent.split(/(?<=\w[._/])(?=\w)(?!py\b)/);
            node.replaceWith(first, ...rest.flatMap((part) => [document.createElement("wbr"), part]));
        }
    }
    // A line ends at a blank: what touches a formula, a comma or a bracket, stays beside it.
    for (const formula of document.querySelectorAll("span.math")) {
        const before = cut(formula.previousSibling, /\S+$/), after = cut(formula.nextSibling, /^\S+/);
        if (!before && !after) continue;
        const together = document.createElement("span");
        together.className = "unbroken";
        formula.replaceWith(together);
        together.append(before, formula, after);
    }
    // A short entry of a table, "10 of 10", is one line; the table then scrolls.
    for (const entry of document.querySelectorAll(".bd-article td")) {
        entry.classList.toggle("unbroken", entry.textContent.trim().length <= 10);
    }
    // Two lines with a gap in them are columns, which are not to be wrapped.
    for (const output of document.querySelectorAll(".cell_output pre")) {
        const gaps = output.textContent.match(/^.*\S {2,}\S/gm) ?? [];
        output.classList.toggle("columns", gaps.length > 1);
    }
});
