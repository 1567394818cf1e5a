"""A model that is not a network: boosted trees that predict the prices of California's houses."""

from typing import Any

from xaikit.course.datasets.stored_trees import stored_trees
from xaikit.course.datasets.tabular import california_housing


def california_model() -> Any:
    """Return fitted boosted trees; the lecture on SHAP explains their first district.

    ``xgboost.XGBRegressor(tree_method="exact", base_score=0.5)``, with its 100 trees of depth 6,
    fitted to all 20,640 districts of `california_housing`, columns in the same order. Exact
    splits use no random numbers, so every fit is the same; it takes about two seconds.

    Its tree SHAP values, path-dependent, are ``shap.TreeExplainer(model)(x)`` or, without the shap
    package, ``model.get_booster().predict(xgboost.DMatrix(x), pred_contribs=True)``, whose last
    column is the base.

    Returns
    -------
    xgboost.XGBRegressor
        Where xgboost is not installed, `StoredTrees`. Its ``predict`` takes (n, 8) and returns
        prices (n,) in 100,000 dollars.
    """
    try:
        import xgboost
    except ModuleNotFoundError as error:
        if error.name != "xgboost":
            raise
        return stored_trees()

    houses = california_housing()
    # One thread: on a busy machine several threads wait for each other, up to a minute.
    model = xgboost.XGBRegressor(tree_method="exact", base_score=0.5, n_jobs=1)
    return model.fit(houses.x, houses.y)
