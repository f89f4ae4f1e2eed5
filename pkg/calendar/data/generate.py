"""Writes holidays.txt: the public holidays of every country and region.

    pip install holidays==0.109 && python generate.py > holidays.txt

Go libraries know about forty countries and few of their regions, and no lunar
calendars; this one follows the laws of 250 countries. Only its dates are taken.
"""

import warnings

import holidays

FIRST, LAST = 2010, 2035  # beyond, several countries' lunar dates are not known

HEADER = f"""\
# holidays {holidays.__version__}
# Public holidays {FIRST}-{LAST}, substitute days included, as computed by the Python
# library of that name and version (Vacanza Team and contributors, MIT licence).
# Written by generate.py; do not edit: a policy corrects a day with closed and open.
#
# [country] or [country-region], then month and day per year; * stands for every
# year. A region lists how it differs from its country: -0308 is not a holiday there.
"""


def dates(country, region=None):
    known = holidays.country_holidays(country, subdiv=region, years=range(FIRST, LAST + 1))
    return {d for d in known if FIRST <= d.year <= LAST}


def write_section(code, add, drop=frozenset()):
    """One line per year; a day that holds in all of them moves to the * line."""
    years = {
        y: {f"{d:%m%d}" for d in add if d.year == y} | {f"-{d:%m%d}" for d in drop if d.year == y}
        for y in range(FIRST, LAST + 1)
    }
    always = set.intersection(*years.values())
    print(f"[{code}]")
    for year, days in [("*", always), *((y, d - always) for y, d in years.items())]:
        if days:
            print(year, *sorted(days, key=lambda day: day.lstrip("-")))


def main():
    warnings.simplefilter("ignore")
    print(HEADER, end="")
    for country, regions in sorted(holidays.list_supported_countries(include_aliases=False).items()):
        base = dates(country)
        write_section(country, base)
        for region in sorted(regions):
            own = dates(country, region)
            write_section(f"{country}-{region}", own - base, base - own)


main()
