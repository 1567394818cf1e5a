"""By default Pyodide is not in the site: it comes from an address, here from another port."""

from tests.site.live import Live
from tests.site.serving import build, served

EXERCISE = "exercises/00_neural_networks/00_neural_networks.ipynb"


def test_a_kernel_starts_from_an_address(context, release, tmp_path):
    with served(release) as address:
        site = build(tmp_path, "--pyodide", f"{address}/")
        assert not (site / "live" / "pyodide").exists()
        assert sum(path.stat().st_size for path in site.rglob("*")) < 40e6
        with served(site) as here:
            live = Live(context.new_page(), here, tmp_path)
            asked = []
            live.page.on("request", lambda request: asked.append(request.url))
            live.open(EXERCISE)
            output = live.run_code("import xaikit\nprint(xaikit.__version__)")["outputs"]
            assert [one["output_type"] for one in output] == ["stream"]
            assert any(one.startswith(address) for one in asked)
            live.close()
