"""Random templates of the subset, from a seeded generator."""

ATOMS = ["1", "0", "-3", "2.5", "0.1", "1e3", "'a'", "'Hello World'", "\"it's\"", "''", "true", "false", "none",
         "slice", "ratio", "negative", "zero", "nothing", "numbers", "words", "text", "mixed", "ctx.score",
         "ctx.players", "ctx['last_line']", "ctx.score.home", "empty_list", "unicode", "missing", "[1, 2]",
         "{'k': 1}", "(1, 'x')", "ctx.empty", "quote", "whole_float", "ctx.players[0].name"]
BINARY = ["+", "-", "*", "/", "//", "%", "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or"]
FILTERS = ["upper", "lower", "title", "capitalize", "trim", "length", "string", "list", "first", "last", "sort",
           "join(',')", "default('d')", "int", "float", "round", "round(1)", "abs", "reverse|list", "unique|list",
           "sum", "min", "max", "tojson", "replace('a', 'b')", "truncate(5)", "items|list", "map('string')|list",
           "select|list", "default(1, true)", "sort(reverse=true)", "map(attribute='name')|list", "trim('a')"]
TESTS = ["defined", "undefined", "none", "string", "number", "mapping", "sequence", "even", "odd", "iterable",
         "divisibleby 2", "integer", "float", "boolean", "in [1, 'a']", "eq 1"]
SUFFIXES = ["[0]", "[-1]", "[1:]", "[::-1]", "[:2]", ".name", "['home']", ".upper()", ".strip()", ".split()",
            ".get('home', 0)", ".keys()|list", ".items()|list", "|first"]

# Places where we refuse on purpose and a random template may get to.
REFUSALS = ["beyond 64 bits", "is undefined", "formatting a string", "is a method", "has no JSON form",
            "negative number raised", "must be a string here", "needs a string",
            "take a slice"]


def may_refuse(error):
    return any(words in error for words in REFUSALS)


def is_jinja_only(answer):
    """Jinja2 looks into constants while it compiles, also where it never gets to; and it marks what
    `tojson` wrote, which shows inside a list."""
    error = answer.get("error", "")
    return "has no element" in error or "has no attribute" in error or "Markup(" in answer.get("ok", "")


def expression(r, depth):
    if depth <= 0:
        return r.choice(ATOMS)
    kind = r.randrange(9)
    inner = lambda: expression(r, depth - 1)
    if kind <= 1:
        return f"{inner()} {r.choice(BINARY)} {inner()}"
    if kind <= 3:
        return f"({inner()})|{r.choice(FILTERS)}"
    if kind == 4:
        return f"({inner()} is {r.choice(['', 'not '])}{r.choice(TESTS)})"
    if kind == 5:
        return f"({inner()}){r.choice(SUFFIXES)}"
    if kind == 6:
        return f"({inner()} if {inner()} else {inner()})"
    if kind == 7:
        return r.choice(["(not ({}))", "-({})", "[{}]", "({},)", "{{'a': {}}}", "({})"]).format(inner())
    return r.choice(ATOMS)


def space(r):
    return r.choice(["", " ", "\n", "  \n ", "x"])


def template(r, depth=2):
    parts = []
    for _ in range(r.randint(1, 3)):
        kind = r.randrange(6)
        left, right = r.choice(["", "", "-"]), r.choice(["", "", "-"])
        if kind <= 2 or depth == 0:
            parts.append(f"{{{{{left} {expression(r, r.randint(0, 3))} {right}}}}}")
        elif kind == 3:
            parts.append(f"{{%{left} if {expression(r, 1)} %}}{template(r, depth - 1)}"
                         f"{{% else {right}%}}{template(r, depth - 1)}{{% endif %}}")
        elif kind == 4:
            parts.append(f"{{% for x in {r.choice(['numbers', 'words', 'ctx.score', 'mixed', 'empty_list'])} %}}"
                         f"{{{{ loop.index }}}}{{{{ x }}}}{template(r, depth - 1)}{{%{left} endfor %}}")
        else:
            parts.append(f"{{% set made = {expression(r, 1)} {right}%}}{{{{ made }}}}")
        parts.append(space(r))
    return "".join(parts)
