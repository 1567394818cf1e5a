"""Measures of explanations.

- `completeness`: do scores add up, in total and over subsets (sensitivity-n)?
- `deletion`: does the output change fast if the features go, or come, in their order?
- `infidelity`: do scores predict changes of F, and are they stable (max-sensitivity)?
- `retraining`: is a model worse that is trained without the top features?
- `sanity`: do scores change when the model's weights are made random?
- `axioms`: is there a counterexample to an axiom?
- `agreement`: do two explanations rank features alike?

Each tests one property, and none of them alone can tell a true explanation from a false one: the
docstrings name the limits of each. Lecture 09 compares every method of the course by all of them.
"""
