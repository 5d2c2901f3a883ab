"""The schemas agree with the examples: what is valid is accepted, what is invalid is refused.

    schemas_test.py ROOT

Walks every schema in ROOT/proto/schemas and its examples in ROOT/proto/examples/<schema>. An
invalid example is refused for one reason, the one in its name. What no schema can say is in
examples named `beyond_schema__*`: the schema accepts them and only the parser refuses them.
"""

import datetime
import json
import pathlib
import re
import sys

import jsonschema
import yaml

FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def is_existing_day(text):
    """The `pattern` beside the format checks the form; the calendar is left."""
    form = re.match(r"(\d{4})-(\d\d)-(\d\d)[Tt ]", text) if isinstance(text, str) else None
    if form and int(form[1]) > 0:  # Python knows no year 0
        datetime.date(int(form[1]), int(form[2]), int(form[3]))
    return True


def unique_members(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key twice")
    return members


def no_constant(word):
    raise ValueError(f"{word} is not JSON")


def load(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".yaml":
        return yaml.safe_load(text)
    return json.loads(text, object_pairs_hook=unique_members, parse_constant=no_constant)


def reasons(validator, path):
    """Each place that is wrong, with the words about it; a form and its calendar are one."""
    try:
        value = load(path)
    except (ValueError, yaml.YAMLError) as error:
        return {"text": str(error)}
    found = {}
    for error in validator.iter_errors(value):
        rule = "form" if error.validator in ("pattern", "format") else error.validator
        found.setdefault((error.json_path, rule), error.message[:200])
    return found


def check_examples(schema, folder):
    problems = []
    validator = jsonschema.Draft202012Validator(schema, format_checker=FORMATS)
    for path in sorted(folder.glob("*/*")):
        found = reasons(validator, path)
        kind = path.parent.name
        if kind in ("valid", "canonical"):
            if found:
                problems.append(f"{path}: refused: {found}")
        elif kind != "invalid":
            problems.append(f"{path}: in no known folder")
        elif path.stem.startswith("beyond_schema__"):
            if found:
                problems.append(f"{path}: refused by the schema, rename it: {found}")
        elif len(found) != 1:
            problems.append(f"{path}: refused for {len(found)} reasons, not one: {found}")
    return problems


def undescribed(schema, path="$"):
    """Fields without a description, which a reader of the schema needs."""
    found = []
    for name, field in schema.get("properties", {}).items():
        if not field.get("description"):
            found.append(f"{path}.{name}")
        found += undescribed(field, f"{path}.{name}")
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            found += undescribed(schema[inner], f"{path}.{inner}")
    return found


def check_schema(path, root):
    schema = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    problems = [f"{path}: {key} is missing" for key in ("$id", "title", "description")
                if not schema.get(key)]
    if schema.get("$schema") != "https://json-schema.org/draft/2020-12/schema":
        problems.append(f"{path}: $schema is not draft 2020-12")
    problems += [f"{path}: {field} has no description" for field in undescribed(schema)]
    folder = root / "proto" / "examples" / path.stem
    for kind, least in (("valid", 3), ("invalid", 6)):
        count = len(list((folder / kind).glob("*")))
        if count < least:
            problems.append(f"{folder}/{kind}: {count} examples, at least {least} are wanted")
    return problems + check_examples(schema, folder)


def main(root):
    schemas = sorted((root / "proto" / "schemas").glob("*.json"))
    names = {path.stem for path in schemas}
    problems = [] if schemas else [f"{root}: no schemas"]
    for path in schemas:
        problems += check_schema(path, root)
    for folder in sorted((root / "proto" / "examples").iterdir()):
        if folder.name not in names:
            problems.append(f"{folder}: examples of no schema")
    print("\n".join(problems) or f"{len(schemas)} schemas agree with their examples")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
