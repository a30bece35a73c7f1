#!/usr/bin/env python3
"""Writes dateutil.jsonl.gz: random recurrences, and when they take place according to dateutil, a library of another language and other authors.

Needs Python 3.9 or later with python-dateutil (Debian: python3-dateutil) and tzdata. The same versions write the same bytes:

    python3 internal/recur/testdata/with_dateutil.py 2500 >/dev/null

Rules are expanded by dateutil on wall time without a zone, and brought to UTC by zoneinfo afterwards: in a gap with the offset before it, in an
overlap as the first of the two. The start takes place whether or not its rule names it. WEEKLY with BYSETPOS is left out: dateutil lets the first
week begin with the start, and no other part of RFC 5545 does; so are days of the week of a year or month that
may not have so many, which it fails at.
"""
import datetime as dt
import gzip
import json
import pathlib
import random
import sys
import zoneinfo

import dateutil
from dateutil import rrule

ZONES = [
    "UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/St_Johns", "America/Sao_Paulo", "Asia/Kathmandu", "Asia/Tokyo",
    "Australia/Lord_Howe", "Australia/Sydney", "Pacific/Auckland", "Pacific/Tongatapu", "Pacific/Pago_Pago", "Africa/Cairo",
]
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
FORM = "%Y%m%dT%H%M%S"
MOST = 40


def utc(wall, zone):
    return wall.replace(tzinfo=zoneinfo.ZoneInfo(zone), fold=0).astimezone(dt.timezone.utc)


def some(r, values, most):
    return ",".join(map(str, sorted(r.sample(values, r.randint(1, most)))))


def rule(r, start, zone, all_day):
    freq = r.choice(["DAILY", "WEEKLY", "MONTHLY", "YEARLY", "MONTHLY", "YEARLY"] + ([] if all_day else ["HOURLY"]))
    parts = ["FREQ=" + freq]
    if r.random() < 0.5:
        parts.append("INTERVAL=%d" % r.choice([1, 2, 3, 5, 12]))
    if r.random() < 0.3:
        parts.append("WKST=" + r.choice(DAYS))
    if r.random() < 0.3:
        parts.append("BYMONTH=" + some(r, range(1, 13), 4))
    days = r.random()
    if freq in ("MONTHLY", "YEARLY") and days < 0.35:
        nth = [1, 2, 3, 4, 5, -1, -2] if freq == "MONTHLY" or "BYMONTH" in str(parts) else [1, 20, 52, -1, -52]
        parts.append("BYDAY=" + ",".join(sorted({"%d%s" % (r.choice(nth), r.choice(DAYS)) for _ in range(r.randint(1, 3))})))
    elif days < 0.6:
        parts.append("BYDAY=" + some(r, DAYS, 5))
    if freq != "WEEKLY" and r.random() < 0.35:
        parts.append("BYMONTHDAY=" + some(r, list(range(1, 32)) + [-1, -2, -15, -31], 4))
    if freq == "YEARLY" and r.random() < 0.2:
        parts.append("BYYEARDAY=" + some(r, [1, 59, 60, 100, 200, 365, 366, -1, -100, -366], 4))
    if not all_day and freq != "HOURLY" and r.random() < 0.2:
        parts.append("BYHOUR=" + some(r, range(24), 3))
    if freq in ("MONTHLY", "YEARLY") and r.random() < 0.3:
        parts.append("BYSETPOS=" + some(r, [1, 2, 3, -1, -2, 7], 2))
    end, naive = r.random(), None
    if end < 0.25:
        parts.append("COUNT=%d" % r.randint(1, 30))
    elif end < 0.5:
        until = start + dt.timedelta(days=r.randint(0, 900))
        if all_day:
            parts.append("UNTIL=" + until.strftime("%Y%m%d"))
        else:
            until = until.replace(hour=12)  # no hour that a clock leaves out or shows twice
            parts.append("UNTIL=" + utc(until, zone).strftime(FORM) + "Z")
        naive = until
    r.shuffle(parts)
    text = ";".join(p for p in parts if not p.startswith("UNTIL="))
    if naive is not None:
        text += ";UNTIL=" + naive.strftime(FORM)
    return "RRULE:" + ";".join(parts), rrule.rrulestr(text, dtstart=start)


def dates(r, start, zone, all_day):
    walls = [start + dt.timedelta(days=r.randint(0, 400)) for _ in range(r.randint(1, 4))]
    if all_day:
        return walls, ";VALUE=DATE:" + ",".join(w.strftime("%Y%m%d") for w in walls)
    if r.random() < 0.5:
        return walls, ";TZID=%s:" % zone + ",".join(w.strftime(FORM) for w in walls)
    return walls, ":" + ",".join(utc(w, zone).strftime(FORM) + "Z" for w in walls)


def series(r):
    all_day = r.random() < 0.2
    zone = "UTC" if all_day else r.choice(ZONES)
    start = dt.datetime(2024, 1, 1) + dt.timedelta(days=r.randint(0, 800))
    if not all_day:
        start += dt.timedelta(minutes=r.choice([0, 30, 90, 135, 150, 540, 600, 1050, 1439]))
    line, expanded = rule(r, start, zone, all_day)
    lines, walls = [line], set()
    horizon = start + dt.timedelta(days=r.choice([30, 400, 1500]))
    for at in expanded:
        if at >= horizon or len(walls) > MOST:
            break
        walls.add(at)
    if len(walls) > MOST:  # all that begin before the last one found are known
        horizon = max(walls)
        walls.remove(horizon)
    walls.add(start)
    for name in ("RDATE", "EXDATE"):
        if r.random() < 0.2:
            named, text = dates(r, start, zone, all_day)
            lines.append(name + text)
            walls = walls | {w for w in named if w < horizon} if name == "RDATE" else walls - set(named)
    r.shuffle(lines)
    unix = sorted({int(utc(w, zone).timestamp()) for w in walls})
    return {
        "start": start.strftime("%Y-%m-%d") if all_day else int(utc(start, zone).timestamp()), "zone": zone, "lines": lines,
        "until": int(utc(horizon, zone).timestamp()), "starts": [b - a for a, b in zip([0] + unix, unix)],
    }


def main():
    dt.MAXYEAR = 2032  # where dateutil stops to look for a rule that never comes true again
    r = random.Random(5545)
    out = pathlib.Path(__file__).with_name("dateutil.jsonl.gz")
    with open(out, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, 0) as packed:
        for _ in range(int(sys.argv[1])):
            packed.write((json.dumps(series(r), separators=(",", ":")) + "\n").encode())
    print(out, "dateutil", dateutil.__version__)


main()
