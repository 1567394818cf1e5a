// Two buttons in the toolbar of each notebook: a learner's answers live in this browser alone. And
// in a narrow window the notebook has all the room. JupyterLab loads a script of this form as an
// extension; it needs no build.
{
    const base = () => window.jupyterapp.serviceManager.serverSettings.baseUrl;

    const nameOf = (path) => path.split("/").at(-1);

    const download = ({ context }) => {
        const text = JSON.stringify(context.model.toJSON(), null, 1);
        const link = document.createElement("a");
        link.href = URL.createObjectURL(new Blob([text], { type: "application/x-ipynb+json" }));
        link.download = nameOf(context.path);
        link.click();
    };

    // The date and the minute, as a part of a file's name.
    const now = () => new Date().toISOString().slice(0, 16).replace("T", " ").replace(":", ".");

    const startAfresh = async (app, { context, sessionContext }) => {
        const answer = await fetch(`${base()}files/${encodeURI(context.path)}?at=${Date.now()}`);
        if (!answer.ok) {
            alert(`${nameOf(context.path)} is your own file: the course has no original of it.`);
            return;
        }
        const copy = context.path.replace(/(\.ipynb)?$/, ` (my work until ${now()}).ipynb`);
        const question = "Begin this notebook again, as the course has it now? "
            + `What you have written is kept beside it, as “${nameOf(copy)}”.`;
        if (!confirm(question)) return;
        const work = { type: "notebook", format: "json", content: context.model.toJSON() };
        await app.serviceManager.contents.save(copy, work);
        context.model.fromJSON(await answer.json());
        await context.save();
        await sessionContext.restartKernel();
    };

    const activate = (app) => {
        app.restored.then(() => makeRoom(app));
        const current = () => app.shell.currentWidget;
        const isEnabled = () => Boolean(current()?.context?.model?.cells);
        app.commands.addCommand("xai-course:download", {
            label: "Download my work",
            caption: "Save this notebook, with your answers, as a file on this computer",
            isEnabled,
            execute: () => download(current()),
        });
        app.commands.addCommand("xai-course:start-afresh", {
            label: "Start afresh",
            caption: "Begin this notebook again; what you have written is kept beside it",
            isEnabled,
            execute: () => startAfresh(app, current()),
        });
    };

    const NARROW = 900; // pixels
    const A_MINUTE = 60_000; // milliseconds

    const makeRoom = ({ shell }) => {
        if (window.innerWidth >= NARROW) return;
        shell.mode = "single-document";
        // JupyterLab opens the list of files once more when it knows the notebook's folder, on a slow
        // device late. Whoever has touched something may have opened the list.
        const close = () => shell.leftCollapsed || shell.collapseLeft();
        close();
        const again = setInterval(close, 200);
        const stop = () => clearInterval(again);
        for (const touch of ["pointerdown", "keydown"]) {
            window.addEventListener(touch, stop, { capture: true, once: true });
        }
        setTimeout(stop, A_MINUTE);
    };

    const plugin = { id: "xai-course:work", autoStart: true, activate };
    const exported = { __esModule: true, default: plugin };
    const extension = { init: () => {}, get: async () => () => exported };
    (window._JUPYTERLAB ??= {})["xai-course"] = extension;
}
