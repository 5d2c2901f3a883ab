"""Figures beside their floors: one list, shown as a table or as JSON."""

import json


def figure(section, name, value, unit, floor, aim, better="lower", against="ratio"):
    """One measured figure.

    aim: what should reach it is, by `against`, the "ratio" of value and floor, the "value" itself,
    or the "excess" of the value over the floor; "promise" is a value that no machine excuses.
    better: "lower" or "higher". floor: None when there is none.
    """
    ratio = value / floor if floor else None
    judged = value
    if against == "ratio":
        judged = ratio
    elif against == "excess":
        judged = None if floor is None else value - floor
    met = judged is not None and (judged <= aim if better == "lower" else judged >= aim)
    sign = "<=" if better == "lower" else ">="
    return {"section": section, "name": name, "value": round(value, 3), "unit": unit,
            "floor": None if floor is None else round(floor, 3),
            "ratio": None if ratio is None else round(ratio, 3),
            "aim": f"{against} {sign} {aim:g}", "met": met}


def broken(figures):
    """The promises that do not hold: what a busy machine can explain is none."""
    return [one["name"] for one in figures
            if one["aim"].startswith("promise") and not one["met"]]


def table(figures):
    rows = [("figure", "value", "unit", "floor", "ratio", "aim", "met")]
    for one in figures:
        rows.append((one["name"], f"{one['value']:g}", one["unit"],
                     "-" if one["floor"] is None else f"{one['floor']:g}",
                     "-" if one["ratio"] is None else f"{one['ratio']:.2f}",
                     one["aim"], "yes" if one["met"] else "NO"))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                     for row in rows) + "\n"


def write_json(figures, path):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(figures, file, indent=1)
        file.write("\n")
