"""The course as a site: the web book, and beside it JupyterLite, which runs it in the browser."""
