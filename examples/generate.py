#!/usr/bin/python3
"""Writes the examples' data set as JSON lines: users, matches and players of a game in one table.

The same seed gives the same data everywhere: generate.py [SEED]
"""
import json
import random
import sys

MAPS = ["Amber Desert", "Broken Bridge", "Cold Harbour", "Deep Forest"]
NAMES = ["ada", "bo", "cleo", "dan", "eve", "finn", "gus", "hana", "ivo", "june", "kim", "lou"]


def items(seed):
    chance = random.Random(seed)
    users = [f"{name}{number}" for name in NAMES for number in range(1, 5)]
    for user in users:
        yield {"PK": f"USER#{user}", "SK": "#PROFILE", "name": user.title(), "level": chance.randint(1, 60)}
    for number in range(1, 25):
        match = f"m{number:03}"
        minute = f"2024-05-{1 + number // 6:02}T{number % 24:02}:{chance.randint(0, 59):02}"
        players = sorted(chance.sample(users, chance.randint(2, 8)))
        item = {"PK": f"MATCH#{match}", "SK": "#MATCH", "match": match, "map": chance.choice(MAPS),
                "created": minute, "players": len(players)}
        if number % 3 == 0:  # only an open match has this attribute, so only open ones are in the index
            item["open_since"] = minute
        yield item
        for place, user in enumerate(players, 1):
            yield {"PK": f"MATCH#{match}", "SK": f"USER#{user}", "match": match, "user": user,
                   "score": chance.randint(0, 5000), "place": place}


if __name__ == "__main__":
    for each in items(int(sys.argv[1]) if len(sys.argv) > 1 else 7):
        print(json.dumps(each, separators=(",", ":")))
