#!/usr/bin/python3
"""A game in one table, with boto3: game.py [URL] [FILE]"""
import json
import os
import sys
import time

import boto3
from boto3.dynamodb.conditions import Key

url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
source = sys.argv[2] if len(sys.argv) > 2 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "game.jsonl")
dynamodb = boto3.resource("dynamodb", endpoint_url=url, region_name="us-east-1",
                          aws_access_key_id="local", aws_secret_access_key="local")

strings = ["PK", "SK", "map", "open_since"]


def key(hash_key, range_key):
    return [{"AttributeName": hash_key, "KeyType": "HASH"}, {"AttributeName": range_key, "KeyType": "RANGE"}]


name = f"game-py-{os.getpid()}-{int(time.time())}"
table = dynamodb.create_table(
    TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=key("PK", "SK"),
    AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in strings],
    GlobalSecondaryIndexes=[
        {"IndexName": "open", "KeySchema": key("map", "open_since"), "Projection": {"ProjectionType": "ALL"}},
        {"IndexName": "inverted", "KeySchema": key("SK", "PK"), "Projection": {"ProjectionType": "ALL"}},
    ])
table.wait_until_exists()

with open(source, encoding="utf-8") as lines, table.batch_writer() as batch:
    for line in lines:
        batch.put_item(Item=json.loads(line))

profile = table.get_item(Key={"PK": "USER#ada1", "SK": "#PROFILE"})["Item"]
print("level of ada1:", profile["level"])

players = table.query(KeyConditionExpression=Key("PK").eq("MATCH#m003") & Key("SK").begins_with("USER#"))["Items"]
print("players of m003:", " ".join(each["user"] for each in players))

matches = table.query(IndexName="inverted", KeyConditionExpression=Key("SK").eq("USER#ada1"))["Items"]
print("matches of ada1:", " ".join(each["match"] for each in matches))

waiting = table.query(IndexName="open", KeyConditionExpression=Key("map").eq("Deep Forest"))["Items"]
print("open matches in Deep Forest:", " ".join(each["match"] for each in waiting))

started = table.update_item(
    Key={"PK": "MATCH#m003", "SK": "#MATCH"}, UpdateExpression="REMOVE open_since SET started = :now",
    ConditionExpression="attribute_exists(open_since)", ExpressionAttributeValues={":now": "2024-05-09T12:00"},
    ReturnValues="ALL_NEW")["Attributes"]
print("m003 started:", started["started"])

print("open matches left:", table.scan(IndexName="open", Select="COUNT")["Count"])
table.delete()
