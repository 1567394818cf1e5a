"""Run the tests of a notebook inside its kernel, out of reach of the learner's names.

The grader sends this text into the kernel before the learner's first cell, and calls `test` in
place of each test. A test runs among names of its own: Python's builtins, what the set-up cells
import, and the learner's answers. What a learner gave another meaning, by accident or not, gets its
own meaning back before; after each call of an answer the checks themselves see to it. All this is
in the learner's process, so it makes cheating hard and not impossible: README.md says what stays
possible.
"""

import ast
import builtins
import copy
import gc
import hashlib
import linecache
import random
import sys
import traceback
import types
from operator import is_

from IPython import get_ipython
from IPython.core.inputtransformer2 import TransformerManager

KEPT_PACKAGES = ("ast", "builtins", "numpy", "xaikit")
CALLED = (types.ModuleType, types.FunctionType)
chance = random.SystemRandom()
python_of = TransformerManager().transform_cell  # it understands magics
kept: dict = {}


class Tampered(Exception):
    """An assertion that must fail did not."""


def keep(setup, used, secret):
    """Run the set-up cells; remember what their names and those of the packages mean.

    `used` are the names that the tests look up in modules: xaikit loads some of its own late. With
    the secret a test proves that it was run.
    """
    forget(secret)
    own: dict = {"__name__": "__main__"}
    for source in setup:
        exec(python_of(source), own)
    named = {m.__name__: m for m in own.values() if isinstance(m, types.ModuleType)}
    lazy = {name: {n: getattr(m, n) for n in used if hasattr(m, n)} for name, m in named.items()}
    loaded = list(sys.modules.items())
    ours = [m for name, m in loaded if name.split(".")[0] == "xaikit"]
    ours_hold = [thing for module in ours for thing in vars(module).values()] + list(own.values())
    used_by_us = {home_of(t) for t in ours_hold if isinstance(t, CALLED)}
    modules = [m for n, m in loaded if n.split(".")[0] in KEPT_PACKAGES or n in used_by_us]
    things = [thing for module in modules for thing in vars(module).values()]
    single = [t for t in ours_hold if not isinstance(t, (*CALLED, type))]
    single = [t for t in single if type(getattr(t, "__dict__", None)) is dict]
    classes = {c for c in things if isinstance(c, type) and str(c.__module__).startswith("xaikit")}
    classes |= {c for c in ours_hold if isinstance(c, type)}
    classes |= {c for thing in single for c in type(thing).__mro__}
    things += [thing for kind in classes for thing in vars(kind).values()]
    # NumPy's functions are behind dispatchers.
    inner = [getattr(thing, "__wrapped__", None) for thing in things if callable(thing)]
    functions = [thing for thing in things + inner if isinstance(thing, types.FunctionType)]
    spaces = [copy._deepcopy_dispatch, *map(vars, single)]  # type: ignore[attr-defined]
    kept.update(
        own=own,
        builtins=dict(vars(builtins)),
        modules=[(m, vars(m) | lazy.get(m.__name__, {})) for m in modules],
        spaces=[(names, dict(names)) for names in spaces],
        classes=[(kind, dict(vars(kind))) for kind in classes],
        functions=[(f, f.__code__, f.__defaults__, f.__kwdefaults__) for f in functions],
        theirs=get_ipython().user_ns,
        secret=secret,
    )
    gc.freeze()  # none of this is garbage, so nobody needs to look at it again
    gc.enable()


def home_of(thing):
    """Return the name of the module that a thing is, or comes from."""
    return (
        thing.__name__ if isinstance(thing, types.ModuleType) else getattr(thing, "__module__", "")
    )


def forget(word):
    """Remove the source of cells that hold a word from where tracebacks find it."""
    for name, entry in list(linecache.cache.items()):
        if word in "".join(entry[2] if len(entry) > 2 else ()):
            del linecache.cache[name]


def put_back():
    """Give what was kept its own meaning again."""
    sys.settrace(None)
    sys.setprofile(None)
    for module, names in kept["modules"]:
        space = vars(module)
        space.update(names)
        if len(space) > len(names):
            for name in (space.keys() - names.keys()) & kept["builtins"].keys():
                del space[name]  # it would hide Python's own
    for space, names in kept["spaces"]:
        space.clear()
        space.update(names)
    for kind, names in kept["classes"]:
        if [*vars(kind)] == [*names] and all(map(is_, vars(kind).values(), names.values())):
            continue
        for name in vars(kind).keys() - names.keys() - {"__annotations__"}:
            delattr(kind, name)  # it would hide an inherited one
        for name, value in names.items():
            if vars(kind).get(name) is not value:
                setattr(kind, name, value)
    for function, code, defaults, by_name in kept["functions"]:
        if function.__code__ is not code:
            function.__code__ = code
        function.__defaults__, function.__kwdefaults__ = defaults, by_name


def test(source, shown, forms, token):
    """Run a test; if it passes, end with an error whose words prove it, by the secret.

    Parameters
    ----------
    source : str
        The test.
    shown : list of str
        The names that later cells may use.
    forms : list of str
        Assertions that fail with the token. Some are tried between the test's own, and all behind
        them: so a comparison that an answer made to succeed is found while it does.
    token : str
        A word that no test says, another one for each.
    """
    put_back()
    forget(token)
    kept.update(forms=forms, token=token)
    code = compile(Between().visit(ast.parse(python_of(source))), "<test>", "exec")
    linecache.cache["<test>"] = (len(source), None, source.splitlines(keepends=True), "<test>")
    theirs = kept["theirs"]
    shadows = {
        name: theirs[name]
        for name in kept["builtins"].keys() & theirs.keys()
        if not name.startswith("_") and not callable(theirs[name])
    }
    try:
        try:
            run(code, shown)
        except Exception:
            if not shadows:
                raise
            # `sum = 0` in a scratch cell: the answer means Python's own.
            for name in shadows:
                del theirs[name]
            run(code, shown)
    except BaseException as error:
        if token in str(error):
            raise Tampered(token) from None
        if not hasattr(error, "_render_traceback_"):
            # IPython's own would show the lines of this file, and the test in one line.
            lines = traceback.format_exception(type(error), error, of_test(error.__traceback__))
            error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]
        raise
    finally:
        theirs.update(shadows)
        del linecache.cache["<test>"]
    for form in forms:
        must_fail(form)
    raise AssertionError(hashlib.sha256(f"{kept['secret']} {token}".encode()).hexdigest())


def run(code, shown):
    """Run a test's code among its own names; leave the shown ones to the notebook."""
    theirs, space = kept["theirs"], {**kept["own"], "must_fail": must_fail}
    space["__builtins__"] = dict(kept["builtins"])
    known = space.keys() | kept["builtins"].keys()
    space |= {name: theirs[name] for name in names_of(code) & theirs.keys() - known}
    try:
        exec(code, space)
    finally:
        theirs.update({name: space[name] for name in shown if name in space})


def of_test(frames):
    """Return a traceback from the test's own frame on."""
    while frames and frames.tb_frame.f_code.co_filename != "<test>":
        frames = frames.tb_next
    return frames


def must_fail(form=None):
    """Run an assertion that must fail; without one, in half of all cases, any."""
    if form is None and chance.random() < 0.5:
        return
    try:
        exec(form or chance.choice(kept["forms"]), {"__builtins__": dict(kept["builtins"])})
    except AssertionError as error:
        if kept["token"] in str(error):
            return
    raise Tampered(kept["token"])


def names_of(code):
    """Return the names that code, and the functions in it, look up."""
    inner = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return {*code.co_names, *(name for part in inner for name in names_of(part))}


class Between(ast.NodeTransformer):
    """Puts an assertion that must fail before each of a test's own."""

    def visit_Assert(self, node):
        """Return both."""
        call = ast.parse("must_fail()").body[0]
        return [ast.fix_missing_locations(ast.copy_location(call, node)), node]


sys.modules[__name__] = types.SimpleNamespace(keep=keep, test=test)  # type: ignore[assignment]
