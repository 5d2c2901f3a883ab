#!/usr/bin/python3
"""Writes unicode_tables.inc from the Unicode data of the running Python.

The templates must fold and print text as Python 3.11 does, so its own tables are the source:
/usr/bin/python3 gen_unicode_tables.py > unicode_tables.inc
"""
import unicodedata

LAST = 0x110000


def chars():
    return (chr(c) for c in range(LAST) if not 0xD800 <= c <= 0xDFFF)


def case_ranges(change):
    """Runs of characters with one distance to their other case: first, last, step, distance."""
    runs = []
    for c in chars():
        other = change(c)
        if other == c or len(other) != 1:
            continue
        code, distance = ord(c), ord(other) - ord(c)
        if runs and runs[-1][3] == distance and code - runs[-1][1] in (1, 2):
            step = code - runs[-1][1]
            if runs[-1][0] == runs[-1][1] or runs[-1][2] == step:
                runs[-1][1], runs[-1][2] = code, step
                continue
        runs.append([code, code, 1, distance])
    return runs


def specials(change):
    return [(ord(c), change(c)) for c in chars() if len(change(c)) > 1]


def ranges(test):
    runs = []
    for code in range(LAST):
        if test(chr(code)):
            if runs and runs[-1][1] == code - 1:
                runs[-1][1] = code
            else:
                runs.append([code, code])
    return runs


def is_cased(c):
    return c.lower() != c or c.upper() != c or c.title() != c or c.islower() or c.isupper()


def is_case_ignorable(c):
    # Python shows this only through the final sigma: after 'A' and c, a sigma at the end is final.
    return ("A" + c + "\u03a3").lower()[-1] == "\u03c2" and not is_cased(c)


def emit(kind, name, rows):
    print(f"constexpr {kind} {name}[] = {{")
    line = "   "
    for row in rows:
        if len(line) + len(row) + 2 > 100:
            print(line)
            line = "   "
        line += " " + row + ","
    print(line)
    print("};")


def hexes(values):
    return "{" + ", ".join(f"0x{v:X}" if v >= 0 else str(v) for v in values) + "}"


def quoted(text):
    return '"' + "".join(f"\\x{b:02x}" for b in text.encode()) + '"'


print("// Written by gen_unicode_tables.py; Unicode", unicodedata.unidata_version)
print("// clang-format off")
for word, change in (("Upper", str.upper), ("Lower", str.lower)):
    emit("CaseRange", f"k{word}Ranges", [hexes(r) for r in case_ranges(change)])
    rows = [f"{{0x{c:X}, {quoted(t)}}}" for c, t in specials(change)]
    emit("SpecialCase", f"k{word}Specials", rows)
rows = [f"{{0x{ord(c):X}, {quoted(c.title())}}}" for c in chars() if c.title() != c.upper()]
emit("SpecialCase", "kTitleSpecials", rows)
emit("CharRange", "kCased", [hexes(r) for r in ranges(is_cased)])
emit("CharRange", "kCaseIgnorable", [hexes(r) for r in ranges(is_case_ignorable)])
emit("CharRange", "kUnprintable", [hexes(r) for r in ranges(lambda c: not c.isprintable())])
print("// clang-format on")
