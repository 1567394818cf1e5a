// A slider shows one of the pictures that were drawn when the book was built, and its caption.
document.addEventListener("DOMContentLoaded", () => {
    for (const figure of document.querySelectorAll("figure.live")) {
        const frames = JSON.parse(figure.querySelector("script").textContent);
        const [slider, value, image, caption] = ["input", "output", "img", "figcaption"].map(
            (part) => figure.querySelector(part),
        );
        const show = () => {
            const frame = frames[slider.value];
            image.src = frame.picture;
            image.alt = caption.textContent = frame.text;
            value.textContent = frame.value;
            slider.setAttribute("aria-valuetext", frame.value);
        };
        // The other pictures are fetched when a reader comes near the slider.
        const fetchAll = () => {
            for (const frame of frames) new Image().src = frame.picture;
        };
        for (const event of ["focus", "pointerenter"]) {
            slider.addEventListener(event, fetchAll, { once: true });
        }
        slider.addEventListener("input", show);
        slider.closest("[hidden]").hidden = false;
        // A browser may put a slider where it was before the page was loaded again.
        show();
    }
});
