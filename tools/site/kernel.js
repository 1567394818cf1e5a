// Runs in the kernel's worker in place of Pyodide's own first script. It adds the packages of this
// site to those of Pyodide's release: their addresses are known only here.
{
    // The release's address, or its place beside this folder. The build writes it.
    const release = new URL(RELEASE, new URL("../../../../kernel/", self.location.href)).href;
    importScripts(`${release}pyodide.js`);
    const load = self.loadPyodide;

    self.loadPyodide = async (options) => {
        const ours = options.lockFileURL;
        const read = async (address) => (await fetch(address)).json();
        const [lock, added] = await Promise.all([read(`${release}pyodide-lock.json`), read(ours)]);
        for (const entry of Object.values(added)) {
            entry.file_name = new URL(entry.file_name, ours).href;
        }
        Object.assign(lock.packages, added);
        // Matplotlib asks for pytz without need.
        const { matplotlib } = lock.packages;
        matplotlib.depends = matplotlib.depends.filter((name) => name !== "pytz");
        const merged = new Blob([JSON.stringify(lock)], { type: "application/json" });
        const lockFileURL = URL.createObjectURL(merged);
        const pyodide = await load({ ...options, indexURL: release, lockFileURL });

        // Before a cell runs, the kernel loads the packages that its code imports. xaikit imports
        // Matplotlib by itself, where it draws, and assignments do not draw.
        const loadImported = pyodide.loadPackagesFromImports;
        let draws = false;
        pyodide.loadPackagesFromImports = async (code, ...options) => {
            if (!draws && /plot|widget/i.test(code)) {
                await pyodide.loadPackage("xaikit-plots");
                draws = true;
            }
            return loadImported(code, ...options);
        };
        return pyodide;
    };
}
