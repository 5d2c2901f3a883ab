"""Figures beside their floors: one list, shown as a table or as JSON."""

import json


def figure(section, name, value, unit, floor, aim, better="lower", against="ratio"):
    """One measured figure.

    aim: what `ratio` (value over floor) should reach, or with against="value" the value itself.
    better: "lower" or "higher". floor: None when there is none.
    """
    ratio = value / floor if floor else None
    judged = ratio if against == "ratio" else value
    met = judged is not None and (judged <= aim if better == "lower" else judged >= aim)
    sign = "<=" if better == "lower" else ">="
    return {"section": section, "name": name, "value": round(value, 3), "unit": unit,
            "floor": None if floor is None else round(floor, 3),
            "ratio": None if ratio is None else round(ratio, 3),
            "aim": f"{against} {sign} {aim:g}", "met": met}


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
