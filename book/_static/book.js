document.addEventListener("DOMContentLoaded", () => {
    // The theme's buttons that unfold a part of the menu have no names: call each after its part.
    for (const button of document.querySelectorAll(".bd-sidebar-primary summary")) {
        const part = button.closest("li").querySelector("a");
        button.setAttribute("aria-label", `Pages of ${part.textContent.trim()}`);
    }
    // A long name of a module is broken behind a dot or a dash, and not inside a word.
    for (const title of document.querySelectorAll("h1, .prev-next-title")) {
        const words = [...title.childNodes].filter((part) => part.nodeType === Node.TEXT_NODE);
        for (const node of words) {
            const [first, ...rest] = node.textContent.split(/(?<=\w[._])(?=\w)/);
            node.replaceWith(first, ...rest.flatMap((part) => [document.createElement("wbr"), part]));
        }
    }
    // Two lines with a gap in them are columns, which are not to be wrapped.
    for (const output of document.querySelectorAll(".cell_output pre")) {
        const gaps = output.textContent.match(/^.*\S {2,}\S/gm) ?? [];
        output.classList.toggle("columns", gaps.length > 1);
    }
});
